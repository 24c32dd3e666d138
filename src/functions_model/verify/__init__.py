"""Proof that the app is live and runs this build.

In this room *the host* is the Functions host: the program inside the app's container, the same wherever the app runs.
"""

from functions_model.verify.listeners import LISTENING_SECONDS
from functions_model.verify.nouns import Expected, Reach, Reached, Verified
from functions_model.verify.verifying import verify

__all__ = ["LISTENING_SECONDS", "Expected", "Reach", "Reached", "Verified", "verify"]
