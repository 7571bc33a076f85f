"""Tests of the tool router, from a client's bytes to a tool's."""
