"""Which process this is. Its number would not tell: in a container every process of an image has the same."""

from secrets import randbits

PID = randbits(48)
