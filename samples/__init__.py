"""Sample servers: what a person registers with the gateway first. None of them imports the gateway."""
