"""AuthorizationServer: signs a person in at the identity provider: the code flow with PKCE, and refreshing. Asks that person nothing.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow; RFC 7636 for PKCE. Its metadata is the
provider's, as Entra's are: without `code_challenge_methods_supported`, with `offline_access` among the scopes.
"""

import base64
import hashlib
from collections.abc import Mapping
from secrets import compare_digest, token_urlsafe
from urllib.parse import parse_qsl, urlencode

import msgspec

from tests.fakes.authorization_error import AuthorizationError
from tests.fakes.authorization_rules import Rules
from tests.fakes.identity_provider import IdentityProvider
from tests.fakes.identity_provider_http import Answer, Asked

CLIENT = "aebc6443-996d-45c2-90f0-388ff96faa56"  # one that was registered beforehand: there is no other way


class Grant(msgspec.Struct, frozen=True):
    """What a person has agreed to, behind a code or a refresh token."""

    client: str
    scope: str
    resource: str = ""
    redirect: str = ""
    challenge: str = ""


class AuthorizationServer:
    """On the routes of `provider`. `asked` are the parameters of all requests that came, by endpoint, in their order."""

    def __init__(self, provider: IdentityProvider, identifiers: set[str]) -> None:
        self.provider = provider
        self.rules = Rules(provider.client_id, {f"api://{provider.client_id}", *identifiers}, {"access"})
        self.redirects = {CLIENT: {"http://127.0.0.1:33418/"}}
        self.user = "alice"
        self.roles: tuple[str, ...] = ()
        self.life = 3600  # seconds that a token is said to be valid
        self.asked: list[tuple[str, dict[str, str]]] = []
        self._codes: dict[str, Grant] = {}
        self._refresh: dict[str, Grant] = {}
        base = f"/{provider.tenant}/oauth2/v2.0"
        provider.routes["GET", f"{base}/authorize"] = self._authorize
        provider.routes["POST", f"{base}/token"] = self._token

    def to(self, endpoint: str) -> list[dict[str, str]]:
        """What came at `authorize` or `token`."""
        return [parameters for where, parameters in self.asked if where == endpoint]

    def _authorize(self, asked: Asked) -> Answer:
        given = self._note("authorize", asked.query)
        redirect = given.get("redirect_uri", "")
        if redirect not in self.redirects.get(given.get("client_id", ""), set()):
            return Answer(400, b"AADSTS50011: The redirect URI does not match.")  # a page: nobody is sent there
        try:
            answer = {"code": self._agreed(given, redirect)}
        except AuthorizationError as error:
            answer = {"error": error.name, "error_description": str(error)}
        return Answer(302, headers={"Location": f"{redirect}?{urlencode({**answer, 'state': given.get('state', '')})}"})

    def _agreed(self, given: Mapping[str, str], redirect: str) -> str:
        if given.get("response_type") != "code" or given.get("code_challenge_method") != "S256":
            raise AuthorizationError("invalid_request", 9002325, "Proof Key for Code Exchange is required.")
        scope, resource = given.get("scope", ""), given.get("resource", "")
        self.rules.check(scope, resource)
        code = token_urlsafe(32)
        self._codes[code] = Grant(given["client_id"], scope, resource, redirect, given.get("code_challenge", ""))
        return code

    def _token(self, asked: Asked) -> Answer:
        given = self._note("token", asked.body.decode())
        try:
            grant = self._granted(given)
            self.rules.check(grant.scope, given.get("resource", ""))
            return Answer(200, msgspec.json.encode(self._issued(grant)))
        except AuthorizationError as error:
            return Answer(400, msgspec.json.encode(error.body))

    def _granted(self, given: Mapping[str, str]) -> Grant:
        match given.get("grant_type"):
            case "authorization_code":
                grant = self._codes.pop(given.get("code", ""), None)
                self._check_proof(grant, given)
            case "refresh_token":
                grant = self._refresh.get(given.get("refresh_token", ""))
            case _:
                raise AuthorizationError("unsupported_grant_type", 70003, "The grant type is not supported.")
        if grant is None or grant.client != given.get("client_id"):
            raise AuthorizationError("invalid_grant", 54005, "The code or refresh token is not known, or was redeemed.")
        return grant

    def _check_proof(self, grant: Grant | None, given: Mapping[str, str]) -> None:
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if grant and not (compare_digest(challenge, grant.challenge) and grant.redirect == given.get("redirect_uri")):
            raise AuthorizationError("invalid_grant", 501481, "The code_verifier does not match the code_challenge.")

    def _issued(self, grant: Grant) -> Mapping[str, object]:
        rules = self.rules
        access = self.provider.token(
            self.user,
            self.roles,
            scope=rules.bare(grant.scope),
            seconds=self.life,
            aud=rules.audience(grant.resource),
            azp=grant.client,
        )
        issued = {"token_type": "Bearer", "scope": grant.scope, "expires_in": self.life, "access_token": access}
        if "offline_access" in grant.scope.split():
            issued["refresh_token"] = token_urlsafe(48)
            self._refresh[issued["refresh_token"]] = grant
        return issued

    def _note(self, endpoint: str, form: str) -> dict[str, str]:
        given = dict(parse_qsl(form))
        self.asked.append((endpoint, given))
        return given
