"""What people do with a gateway, over HTTP only: on one started for the run, or on any other with GATEWAY_URL (see `gateway`)."""
