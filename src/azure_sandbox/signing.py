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
