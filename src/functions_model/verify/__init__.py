"""Floor 4: proof that the app is live and runs this build."""

from functions_model.verify.nouns import ExpectedApp, Verified
from functions_model.verify.verifying import verify

__all__ = ["ExpectedApp", "Verified", "verify"]
