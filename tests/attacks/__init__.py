"""Attacks: what must be refused, tried over real HTTP on a gateway that verifies tokens. Not unit tests: the edges as a whole."""
