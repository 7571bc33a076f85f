"""The Azure entry: the platform's worker imports this file and indexes `app`. What `app` stands on: `composition`."""

import os

from functions.composition import composed

app = composed(os.environ)
