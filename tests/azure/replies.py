"""How Azure answers: tokens in the two shapes that its endpoints have, and its errors with their numbers."""

import msgspec

from tests.fakes.identity_provider_http import Answer

LIFE = 3600  # seconds that a token is valid, unless a test says otherwise


def error(status: int, name: str, number: int, text: str) -> Answer:
    """An error of Entra's token endpoint; the text begins with its number as people know it."""
    body = {
        "error": name,
        "error_description": f"AADSTS{number}: {text} Trace ID: 0f5e Correlation ID: 7a11 Timestamp: 2026-01-01 00:00:00Z",
        "error_codes": [number],
    }
    return json(body, status)


def json(body: object, status: int = 200) -> Answer:
    """JSON."""
    return Answer(status, msgspec.json.encode(body))
