"""RSA keys that sign tokens."""

from __future__ import annotations

import json
import uuid
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm


class SigningKey:
    """One key pair with a key id; tokens are JWTs with RS256."""

    def __init__(self) -> None:
        self._private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.key_id = uuid.uuid4().hex
        self.public_key = self._private.public_key()

    @property
    def jwk(self) -> dict[str, Any]:
        """The public half, as a JWKS document lists it."""
        public = json.loads(RSAAlgorithm.to_jwk(self.public_key))
        return {**public, "kid": self.key_id, "use": "sig", "alg": "RS256"}

    def sign(self, claims: dict[str, Any]) -> str:
        """A compact JWT."""
        return jwt.encode(claims, self._private, algorithm="RS256", headers={"kid": self.key_id})

    def claims_of(self, token: str) -> dict[str, Any]:
        """The claims of a token that this key has signed; times and audience are not checked here.

        Raises:
            jwt.InvalidTokenError: The signature does not hold.
        """
        options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
        claims: dict[str, Any] = jwt.decode(token, self.public_key, algorithms=["RS256"], options=options)
        return claims
