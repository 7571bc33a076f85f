"""The query language, or what is understood of it: read, planned, carried out. Knows no container and no HTTP."""
