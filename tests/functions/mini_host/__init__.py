"""A small stand-in for the host of Azure Functions, over the platform's own worker library: serves a deployed folder, fires its timers."""
