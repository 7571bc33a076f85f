"""Network rules: what may enter a subnet. After them come Azure's own: the network itself may enter, and nobody else."""

from pulumi_azure_native.network import SecurityRuleArgs


def gateway_rules() -> list[SecurityRuleArgs]:
    """Of Application Gateway's subnet. The first two are what the service itself needs to live.

    https://learn.microsoft.com/azure/application-gateway/configuration-infrastructure#network-security-groups
    """
    return [
        _rule("AllowGatewayManager", 100, "Allow", "GatewayManager", ports="65200-65535"),
        _rule("AllowLoadBalancer", 110, "Allow", "AzureLoadBalancer", protocol="*"),
        _rule("AllowHttp", 120, "Allow", "Internet", ports="80"),
        _rule("AllowHttps", 130, "Allow", "Internet", ports="443"),
    ]


def inside_rules() -> list[SecurityRuleArgs]:
    """Of all other subnets. Azure refuses the internet there anyway; a rule that says so cannot be forgotten."""
    return [_rule("DenyInternet", 4000, "Deny", "Internet", protocol="*")]


def _rule(
    name: str, priority: int, access: str, source: str, *, ports: str = "*", protocol: str = "Tcp"
) -> SecurityRuleArgs:
    return SecurityRuleArgs(
        name=name,
        priority=priority,
        direction="Inbound",
        access=access,
        protocol=protocol,
        source_address_prefix=source,
        source_port_range="*",
        destination_address_prefix="*",
        destination_port_range=ports,
    )
