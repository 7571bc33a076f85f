"""Images built by Azure Container Registry, once for all machines: files that are copied, a task run, a digest. No Pulumi in it.

How files are packed, sent and built there, and what a build says, is `gateway.azure.acr`'s.
"""
