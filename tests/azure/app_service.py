"""AppService: the identity endpoint of App Service and Functions (IDENTITY_ENDPOINT, IDENTITY_HEADER).

https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference
"""

from collections import deque
from secrets import compare_digest, token_hex
from urllib.parse import parse_qs

from tests.azure.application import Application
from tests.azure.entra import Entra, Refused
from tests.azure.imds import granted
from tests.azure.replies import json
from tests.fakes.identity_provider_http import Answer, Asked

PATH = "/msi/token"


class AppService:
    """`identity` is what the app was given, None for nothing; `asked` counts; `faults` are answered first."""

    def __init__(self, entra: Entra) -> None:
        self._entra = entra
        self.header = token_hex(16)  # known to the app's own process alone
        self.identity: Application | None = None
        self.faults: deque[Answer] = deque()
        self.asked = 0

    def respond(self, asked: Asked) -> Answer:
        """GET of a token."""
        self.asked += 1
        if self.faults:
            return self.faults.popleft()
        if not compare_digest(asked.headers.get("X-IDENTITY-HEADER", ""), self.header):
            return json({"statusCode": 401, "message": "The identity header is wrong."}, 401)
        query = {name: values[0] for name, values in parse_qs(asked.query).items()}
        if query.get("api-version") != "2019-08-01":
            return json({"statusCode": 400, "message": "The api-version is not known."}, 400)
        if self.identity is None or query.get("client_id", self.identity.client_id) != self.identity.client_id:
            return json({"statusCode": 400, "message": "No User Assigned or Delegated Managed Identity found."}, 400)
        try:
            return granted(self._entra, self.identity, query.get("resource", ""))
        except Refused as refused:
            return refused.answer
