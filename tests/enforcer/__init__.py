"""The stand-in for the enforcement of NetworkPolicies, as far as it can be judged without packets."""
