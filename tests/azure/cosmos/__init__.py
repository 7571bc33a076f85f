"""Cosmos DB's data plane (SQL API, gateway mode) as far as its SDK and our own code ask for it. See tests/azure/README.md."""
