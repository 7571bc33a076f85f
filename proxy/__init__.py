"""The front door: admits callers, keeps every session on its instance, relays bytes unread. Asks no store; keeps no table."""
