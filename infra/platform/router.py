"""The tool router: a headless Service with the card by which the proxies' catalogs find it, and its StatefulSet."""

from gateway.card import card_of_router, encode
from gateway.cluster.names import CARD, NAME_LABEL, OWNER, OWNER_LABEL, PLATFORM_TYPE, TYPE_LABEL
from gateway.cluster.names import PORT as PORT_NAME
from infra.platform.names import (
    DATA_PLANE_PRIORITY,
    PORT_NUMBER,
    ROUTER,
    ROUTER_ACCOUNT,
    ROUTER_SERVICE,
    Manifest,
    metadata,
    selector,
)
from infra.platform.options import PlatformOptions
from infra.platform.pods import process, service
from infra.platform.secrets import previous_trust, seal_keys, trust


def router(options: PlatformOptions) -> list[Manifest]:
    labels = {OWNER_LABEL: OWNER, TYPE_LABEL: PLATFORM_TYPE, NAME_LABEL: ROUTER}
    found_by = metadata(ROUTER_SERVICE, labels=labels, annotations={CARD: encode(card_of_router()).decode()})
    return [service(PORT_NAME, ROUTER, found_by, PORT_NUMBER, headless=True), _stateful_set(options)]


def _stateful_set(options: PlatformOptions) -> Manifest:
    env = [trust(), previous_trust(), *seal_keys()]
    template = process(options, ROUTER, ROUTER_ACCOUNT, DATA_PLANE_PRIORITY, "controller-revision-hash", env)
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": metadata(ROUTER),
        "spec": {
            **({} if options.hpa else {"replicas": options.routers}),
            "revisionHistoryLimit": 3,
            "serviceName": ROUTER_SERVICE,
            "podManagementPolicy": "Parallel",
            "updateStrategy": {"type": "RollingUpdate"},  # one at a time
            "selector": {"matchLabels": selector(ROUTER)},
            "template": template,
        },
    }
