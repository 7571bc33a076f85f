"""Front door: the parts of which an Application Gateway is put together. They name each other; makes no resource.

From port 443 (80 without a certificate) to one pool, the load balancer in front of the proxies; port 80 leads to 443. With a
firewall the way parts by path: what carries prompts and tool arguments passes under a policy of its own.
"""

import pulumi
from pulumi_azure_native import network

from infra.firewall import OPEN_PATHS
from infra.platform.names import PORT_NUMBER

SILENCE = 86_400  # seconds until a request without a byte is given up: a stream may be silent for long
READY = "/ready"

_HTTP, _HTTPS, _PROXY, _PROBE, _REDIRECT, _PATHS = "http", "https", "proxy", "ready", "to-https", "paths"
_FRONTEND, _CERTIFICATE = "public", "gateway"
_DRAIN = 60  # seconds that a request may go on with a backend that is taken out
_FIRST, _SECOND = 100, 200  # priorities


def place(subnet_id: pulumi.Input[str]) -> network.ApplicationGatewayIPConfigurationArgs:
    return network.ApplicationGatewayIPConfigurationArgs(name="subnet", subnet=network.SubResourceArgs(id=subnet_id))


def frontend(address_id: pulumi.Input[str]) -> network.ApplicationGatewayFrontendIPConfigurationArgs:
    return network.ApplicationGatewayFrontendIPConfigurationArgs(
        name=_FRONTEND, public_ip_address=network.SubResourceArgs(id=address_id)
    )


def pool(address: pulumi.Input[str]) -> network.ApplicationGatewayBackendAddressPoolArgs:
    return network.ApplicationGatewayBackendAddressPoolArgs(
        name=_PROXY, backend_addresses=[network.ApplicationGatewayBackendAddressArgs(ip_address=address)]
    )


def probe(address: pulumi.Input[str]) -> network.ApplicationGatewayProbeArgs:
    """The proxy answers it before it looks at the host."""
    return network.ApplicationGatewayProbeArgs(
        name=_PROBE,
        protocol="Http",
        host=address,
        path=READY,
        interval=10,
        timeout=5,
        unhealthy_threshold=3,
        match=network.ApplicationGatewayProbeHealthResponseMatchArgs(status_codes=["200-299"]),
    )


def certificates(secret_id: pulumi.Input[str] | None) -> list[network.ApplicationGatewaySslCertificateArgs]:
    if secret_id is None:
        return []
    return [network.ApplicationGatewaySslCertificateArgs(name=_CERTIFICATE, key_vault_secret_id=secret_id)]


def tls() -> network.ApplicationGatewaySslPolicyArgs:
    """1.2 and 1.3, and no cipher without forward secrecy."""
    return network.ApplicationGatewaySslPolicyArgs(policy_type="Predefined", policy_name="AppGwSslPolicy20220101S")


class Door:
    """What names other parts. `id` is the gateway's own; `open_policy` of the firewall that lets bodies be, None: no firewall."""

    def __init__(self, id: pulumi.Output[str], open_policy: pulumi.Input[str] | None, *, secure: bool) -> None:
        self._id, self._open, self._secure = id, open_policy, secure

    def ports(self) -> list[network.ApplicationGatewayFrontendPortArgs]:
        ports = {_HTTP: 80, **({_HTTPS: 443} if self._secure else {})}
        return [network.ApplicationGatewayFrontendPortArgs(name=name, port=port) for name, port in ports.items()]

    def listeners(self) -> list[network.ApplicationGatewayHttpListenerArgs]:
        certificate = self._part("sslCertificates", _CERTIFICATE) if self._secure else None
        return [self._listener(_HTTP, "Http"), *([self._listener(_HTTPS, "Https", certificate)] if certificate else [])]

    def backend(self) -> network.ApplicationGatewayBackendHttpSettingsArgs:
        """Host goes through as the client sent it: the proxy checks it."""
        return network.ApplicationGatewayBackendHttpSettingsArgs(
            name=_PROXY,
            protocol="Http",
            port=PORT_NUMBER,
            cookie_based_affinity="Disabled",
            pick_host_name_from_backend_address=False,
            request_timeout=SILENCE,
            connection_draining=network.ApplicationGatewayConnectionDrainingArgs(
                enabled=True, drain_timeout_in_sec=_DRAIN
            ),
            probe=self._part("probes", _PROBE),
        )

    def redirects(self) -> list[network.ApplicationGatewayRedirectConfigurationArgs]:
        if not self._secure:
            return []
        return [
            network.ApplicationGatewayRedirectConfigurationArgs(
                name=_REDIRECT,
                redirect_type="Permanent",
                include_path=True,
                include_query_string=True,
                target_listener=self._part("httpListeners", _HTTPS),
            )
        ]

    def path_maps(self) -> list[network.ApplicationGatewayUrlPathMapArgs]:
        if self._open is None:
            return []
        pool, settings = self._part("backendAddressPools", _PROXY), self._part("backendHttpSettingsCollection", _PROXY)
        rule = network.ApplicationGatewayPathRuleArgs(
            name="bodies",
            paths=list(OPEN_PATHS),
            backend_address_pool=pool,
            backend_http_settings=settings,
            firewall_policy=network.SubResourceArgs(id=self._open),
        )
        return [
            network.ApplicationGatewayUrlPathMapArgs(
                name=_PATHS,
                default_backend_address_pool=pool,
                default_backend_http_settings=settings,
                path_rules=[rule],
            )
        ]

    def rules(self) -> list[network.ApplicationGatewayRequestRoutingRuleArgs]:
        if not self._secure:
            return [self._to_proxy(_HTTP, _FIRST)]
        lead = network.ApplicationGatewayRequestRoutingRuleArgs(
            name=_REDIRECT,
            rule_type="Basic",
            priority=_SECOND,
            http_listener=self._part("httpListeners", _HTTP),
            redirect_configuration=self._part("redirectConfigurations", _REDIRECT),
        )
        return [self._to_proxy(_HTTPS, _FIRST), lead]

    def _to_proxy(self, listener: str, priority: int) -> network.ApplicationGatewayRequestRoutingRuleArgs:
        parts = self._open is not None
        return network.ApplicationGatewayRequestRoutingRuleArgs(
            name=_PROXY,
            rule_type="PathBasedRouting" if parts else "Basic",
            priority=priority,
            http_listener=self._part("httpListeners", listener),
            url_path_map=self._part("urlPathMaps", _PATHS) if parts else None,
            backend_address_pool=None if parts else self._part("backendAddressPools", _PROXY),
            backend_http_settings=None if parts else self._part("backendHttpSettingsCollection", _PROXY),
        )

    def _listener(
        self, name: str, protocol: str, certificate: network.SubResourceArgs | None = None
    ) -> network.ApplicationGatewayHttpListenerArgs:
        return network.ApplicationGatewayHttpListenerArgs(
            name=name,
            protocol=protocol,
            frontend_ip_configuration=self._part("frontendIPConfigurations", _FRONTEND),
            frontend_port=self._part("frontendPorts", name),
            ssl_certificate=certificate,
        )

    def _part(self, kind: str, name: str) -> network.SubResourceArgs:
        return network.SubResourceArgs(id=pulumi.Output.concat(self._id, f"/{kind}/{name}"))
