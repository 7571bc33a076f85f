"""Tests of what the bench counts on. Nothing here is timed."""
