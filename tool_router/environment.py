"""What the tool router on a cluster is told, all of it: its settings and the keys. Read once."""

from collections.abc import Mapping

import msgspec

from gateway.cluster.settings import Settings as ClusterSettings
from gateway.env import Env
from tool_router.settings import Settings


class Environment(msgspec.Struct, frozen=True):
    """Whoever shows one of `cluster.secrets` is believed about the caller."""

    cluster: ClusterSettings
    tools: Settings

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> "Environment":
        """What its parts read. Raises SettingsError."""
        cluster = ClusterSettings.from_env(variables)
        return cls(cluster, Settings.from_env(Env(variables), cluster.secrets))
