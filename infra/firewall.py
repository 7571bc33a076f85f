"""Firewall: two policies of one web application firewall. Both look at URLs and headers; one leaves bodies alone.

SQL and shell commands are what tool arguments are made of, and prompts may quote an attack: on the paths that carry them a
firewall would only be wrong. Its limit on bodies is far below ours besides.
"""

import pulumi
from pulumi_azure_native import network

from infra.site import Site

# A star stands only at the end, after a slash.
OPEN_PATHS = ("/mcp", "/mcp/*", "/adapters/*", "/sessions", "/sessions/*")

_MOST_BODY = 2000  # kilobytes: the most there is; a registration is far smaller
# What would be in the firewall's log beside the rule that was met.
_SECRETS = (
    ("RequestHeaderNames", "Authorization"),
    ("RequestHeaderNames", "Mcp-Session-Id"),
    ("RequestArgNames", "session_id"),
)


class Firewall:
    """`id`: the policy of the whole door; `open_id`: of OPEN_PATHS. `prevent`: stops requests, and does not only note them."""

    id: pulumi.Output[str]
    open_id: pulumi.Output[str]

    def __init__(self, site: Site, *, prevent: bool, parent: pulumi.Resource) -> None:
        self._site, self._parent = site, parent
        self._mode = "Prevention" if prevent else "Detection"
        self.id = self._policy("all", site.names.firewall_policy, bodies=True).id
        self.open_id = self._policy("open", f"{site.names.firewall_policy}-open", bodies=False).id

    def _policy(self, name: str, physical: str, *, bodies: bool) -> network.WebApplicationFirewallPolicy:
        return network.WebApplicationFirewallPolicy(
            name,
            policy_name=physical,
            resource_group_name=self._site.resource_group_name,
            location=self._site.location,
            managed_rules=network.ManagedRulesDefinitionArgs(
                managed_rule_sets=[
                    network.ManagedRuleSetArgs(rule_set_type="Microsoft_DefaultRuleSet", rule_set_version="2.1")
                ]
            ),
            policy_settings=network.PolicySettingsArgs(
                state="Enabled",
                mode=self._mode,
                request_body_check=bodies,
                request_body_enforcement=bodies,
                file_upload_enforcement=bodies,
                max_request_body_size_in_kb=_MOST_BODY if bodies else None,
                log_scrubbing=_scrubbed(),
            ),
            opts=pulumi.ResourceOptions(parent=self._parent),
        )


def _scrubbed() -> network.PolicySettingsLogScrubbingArgs:
    rules = [
        network.WebApplicationFirewallScrubbingRulesArgs(
            match_variable=variable, selector=selector, selector_match_operator="Equals", state="Enabled"
        )
        for variable, selector in _SECRETS
    ]
    return network.PolicySettingsLogScrubbingArgs(state="Enabled", scrubbing_rules=rules)
