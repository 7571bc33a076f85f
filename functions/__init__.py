"""The control plane: CRUD of adapters and tools as an Azure Functions app, their lifecycle, and reconcile. Serves no stream."""
