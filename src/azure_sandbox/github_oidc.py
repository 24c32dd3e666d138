"""GitHub's identity tokens for workflow runs: what `permissions: id-token: write` gives a job."""

from __future__ import annotations

import secrets
import time
import uuid
from typing import TYPE_CHECKING, Any

from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from azure_sandbox.signing import SigningKey

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request

ISSUER = "https://token.actions.githubusercontent.com"
"""The issuer that federated credentials name. The sandbox's Entra takes the keys from `GithubOidc`, not from there."""
OWNER_ID, REPOSITORY_ID = "583231", "1296269"
LIFETIME_SECONDS = 300
"""GitHub's ID tokens live 5 minutes."""


class GithubOidc:
    """The token endpoint of one workflow run.

    Args:
        repository: `owner/name`.
        ref: The git ref that the run is for.
        clock: Seconds since 1970.

    Attributes:
        environment: A deployment environment; it changes the subject to `repo:...:environment:...`.
        event: What the run is for; `pull_request` changes the subject to `repo:...:pull_request`.
        immutable: The subject has the ids of owner and repository beside their names, as GitHub sends it for
            repositories that were made or renamed on or after 15 July 2026, and for those that ask for it
            (https://github.blog/changelog/2026-04-23-immutable-subject-claims-for-github-actions-oidc-tokens/).
        issue_expired: Hand out tokens that have expired a minute ago.
        available: False answers as for a job without the permission (or a fork's pull request).
    """

    def __init__(
        self,
        repository: str = "contoso/models",
        ref: str = "refs/heads/main",
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.repository = repository
        self.ref = ref
        self.environment: str | None = None
        self.event = "push"
        self.immutable = False
        self.issue_expired = False
        self.available = True
        self.issuer = ISSUER
        self.key = SigningKey()
        self.request_token = secrets.token_urlsafe(48)
        self._clock = clock

    @property
    def subject(self) -> str:
        """The `sub` claim."""
        owner, _, name = self.repository.partition("/")
        who = f"{owner}@{OWNER_ID}/{name}@{REPOSITORY_ID}" if self.immutable else self.repository
        if self.environment:
            return f"repo:{who}:environment:{self.environment}"
        return f"repo:{who}:pull_request" if self.event == "pull_request" else f"repo:{who}:ref:{self.ref}"

    def issue(self, audience: str) -> str:
        """A signed ID token."""
        now = int(self._clock())
        end = now - 60 if self.issue_expired else now + LIFETIME_SECONDS
        times = {"iat": end - LIFETIME_SECONDS, "nbf": end - 2 * LIFETIME_SECONDS, "exp": end}
        claims = {"iss": self.issuer, "sub": self.subject, "aud": audience, **times, **self._run_claims()}
        return self.key.sign(claims)

    def _run_claims(self) -> dict[str, Any]:
        owner = self.repository.partition("/")[0]
        workflow = f"{self.repository}/.github/workflows/deploy.yml@{self.ref}"
        claims: dict[str, Any] = {
            "jti": str(uuid.uuid4()),
            "repository": self.repository,
            "repository_owner": owner,
            "repository_id": REPOSITORY_ID,
            "repository_owner_id": OWNER_ID,
            "repository_visibility": "private",
            "ref": self.ref,
            "ref_type": "tag" if self.ref.startswith("refs/tags/") else "branch",
            "ref_protected": "false",
            "sha": "6dcb09b5b57875f334f61aebed695e2e4193db5e",
            "event_name": self.event,
            "actor": owner,
            "actor_id": OWNER_ID,
            "run_id": "30433642",
            "run_number": "1",
            "run_attempt": "1",
            "runner_environment": "github-hosted",
            "workflow": "deploy",
            "workflow_ref": workflow,
            "job_workflow_ref": workflow,
        }
        return {**claims, "environment": self.environment} if self.environment else claims

    def decode(self, token: str) -> dict[str, Any]:
        """The claims of a token with this issuer's signature; times and audience are not checked here.

        Raises:
            jwt.InvalidTokenError: The signature does not hold.
        """
        return self.key.claims_of(token)


def routes(github: GithubOidc) -> list[Route]:
    """`/github/...`: the run's token endpoint and the issuer's documents."""

    def token(request: Request) -> Response:
        if not github.available:
            return JSONResponse({"message": "Not Found"}, 404)
        if request.headers.get("authorization", "") != f"Bearer {github.request_token}":
            return JSONResponse({"message": "Unauthorized"}, 401)
        owner = github.repository.partition("/")[0]
        audience = request.query_params.get("audience") or f"https://github.com/{owner}"
        return JSONResponse({"count": 1, "value": github.issue(audience)})

    def configuration(request: Request) -> Response:
        keys = str(request.url.replace(path="/github/.well-known/jwks", query=""))
        return JSONResponse(
            {
                "issuer": github.issuer,
                "jwks_uri": keys,
                "subject_types_supported": ["public", "pairwise"],
                "response_types_supported": ["id_token"],
                "id_token_signing_alg_values_supported": ["RS256"],
                "scopes_supported": ["openid"],
            }
        )

    def keys(_: Request) -> Response:
        return JSONResponse({"keys": [github.key.jwk]})

    return [
        Route("/github/run/idtoken", token),
        Route("/github/.well-known/openid-configuration", configuration),
        Route("/github/.well-known/jwks", keys),
    ]
