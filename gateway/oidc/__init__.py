"""Access tokens of OpenID providers: whose keys, which claims, who the caller is. Signs nobody in; hands out no token."""
