"""The whole gateway in one process, for one's own machine: SQLite, child processes, dev identity. Composes; serves nothing itself."""
