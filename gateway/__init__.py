"""The words every room shares. Starts nothing, opens no port, imports no room."""
