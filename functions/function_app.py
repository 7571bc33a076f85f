"""The Azure entry: the platform's worker imports this file and indexes `app`. What `app` stands on: `composition`."""

import logging
import os

from functions.composition import composed

# Its SDKs tell of every request, and the platform keeps every line.
logging.getLogger("azure").setLevel(logging.WARNING)

app = composed(os.environ)
