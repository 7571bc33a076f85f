"""Site: where the parts of a stack stand, and what kind of stack it is. Every part is told of it. Makes nothing."""

import msgspec
import pulumi

from infra.names import Names


class Site(msgspec.Struct, frozen=True, kw_only=True):
    """`production`: what outages and losses would cost; `private`: services are reached from inside the network only."""

    names: Names
    resource_group_name: pulumi.Input[str]
    location: str
    production: bool
    private: bool
