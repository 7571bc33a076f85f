"""The Azure environment as a Pulumi program. Nothing here yet; the room exists so that the import rules hold."""
