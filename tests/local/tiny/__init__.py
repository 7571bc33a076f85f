"""The smallest processes there can be, one behaviour each, standard library only: what a supervisor has to cope with.

`python -m tests.local.tiny.listens`, with $PORT. `images` names them all.
"""
