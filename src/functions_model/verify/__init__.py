"""Proof that the app is live and runs this build."""

from functions_model.verify.nouns import ExpectedApp, Verified
from functions_model.verify.quiet import LISTENING_SECONDS
from functions_model.verify.reached import Reach, Reached
from functions_model.verify.verifying import verify

__all__ = ["LISTENING_SECONDS", "ExpectedApp", "Reach", "Reached", "Verified", "verify"]
