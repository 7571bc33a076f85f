"""PostgreSQL: the record store of clusters without Cosmos DB. Imported by entry points only."""
