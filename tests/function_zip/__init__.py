"""The very zip that Azure runs, made, unpacked and served here. Everything in this folder needs a package registry."""
