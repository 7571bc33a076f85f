"""Generated requests against the whole OpenAPI document: `pytest -m fuzz`. Minutes, and a gateway of its own."""
