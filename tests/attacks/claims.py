"""Headers by which a client might claim to be somebody, or to come from somewhere: those of our own, and those that edges of others set."""

# Ours: between processes of the gateway, and of dev identity.
OWN = ("X-Mcp-UserId", "X-Mcp-UserName", "X-Mcp-Roles", "X-Gateway-Secret", "X-Dev-UserId", "X-Dev-Name", "X-Dev-Roles")
# Those of proxies, platforms and frameworks.
FOREIGN = (
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Forwarded-Prefix",
    "X-Forwarded-User",
    "X-Forwarded-Client-Cert",
    "X-Real-IP",
    "X-Client-IP",
    "X-MS-CLIENT-PRINCIPAL",
    "X-MS-CLIENT-PRINCIPAL-ID",
    "X-MS-CLIENT-PRINCIPAL-NAME",
    "X-MS-TOKEN-AAD-ACCESS-TOKEN",
    "X-Auth-Request-Email",
    "X-Original-URL",
    "X-Original-Host",
    "X-Rewrite-Url",
    "X-Http-Method-Override",
    "Remote-User",
    "X-Remote-User",
)
# Proofs: they are for us, and for nobody behind us.
PROOFS = ("Authorization", "Proxy-Authorization", "Cookie")

CLAIMS = (*OWN, *FOREIGN)
