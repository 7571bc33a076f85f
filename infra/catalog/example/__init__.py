"""A program that keeps the catalog of a gateway: the one of `docs/catalog-as-code.md`."""
