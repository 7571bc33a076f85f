"""Choices: sets of options that between them make every kind of object and every branch of the manifests."""

from infra.platform import PlatformOptions

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
TENANT, CLIENT = "11111111-1111-1111-1111-111111111111", "22222222-2222-2222-2222-222222222222"
PLAIN = PlatformOptions(
    registry="registry.example.com/team",
    tag="1.0.0",
    entra_tenant=TENANT,
    entra_client_id=CLIENT,
    public_origin="https://gateway.example.com",
)
SMALL = PlatformOptions(
    registry="10.123.0.1:5000",
    tag="test",
    dev_identity=True,
    control_planes=1,
    requests={"cpu": "25m", "memory": "64Mi"},
    postgres="10.123.0.1:5000/postgres:test",
    postgres_storage="none",
    front_door=["10.123.0.1/32"],
    dns=["10.123.0.2/32"],
    api_server=["10.123.0.2/32"],
)
LARGE = PlatformOptions(
    registry="registry.example.com",
    tag="2",
    hpa=True,
    proxies=3,
    routers=3,
    entra_tenant=TENANT,
    entra_client_id=CLIENT,
    entra_instance="https://login.microsoftonline.us/",
    oidc_issuer="https://keycloak.auth.svc:8443/realms/one",
    oidc_audiences=["gateway", "other"],
    oidc_roles_claim="realm_access.roles",
    oidc_scope="mcp",
    oidc_certificates=CERTIFICATE,
    allowed_origins=["https://app.example.com"],
    rate=500,
    rate_burst=900,
    creator_roles=["mcp.creator"],
    quota_records=20,
    quota_replicas=40,
    otlp_endpoint="http://collector.telemetry.svc.cluster.local:4318",
    public_origin="https://gateway.example.com",
    allowed_hosts=["other.example.com"],
    settings={"Proxy__HoldSeconds": "60"},
    postgres="external",
    postgres_ranges=["10.9.0.0/24"],
    api_server=["20.30.40.50/32"],
    pod_range=["25.0.0.0/8"],
    workload_egress=["internet", "10.20.0.0/16"],
    identities={"mcpgateway-sa": "client-1", "workload-sa": "client-2"},
    storage_class="fast",
)
VOLUME = PlatformOptions(
    registry="r",
    tag="t",
    oidc_issuer="https://10.9.9.9:8443/",
    oidc_audiences=["gateway"],
    public_origin="http://localhost:8000",
    rate=0,
    storage_class="fast",
    workload_egress=[],
)
ALL = {"plain": PLAIN, "small": SMALL, "large": LARGE, "volume": VOLUME}
