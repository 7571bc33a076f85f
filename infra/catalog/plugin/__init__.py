"""The provider plug-in `pulumi-resource-mcp-gateway`: a process that the engine starts, and asks what to do with each resource.

A plug-in and not a dynamic provider: those put their own code, pickled, into the state of every resource, cannot be imported
into by `pulumi import`, exist for one language, and say of a change only that there is one.
"""
