"""The check in front of Azurite: who asks, from where, and which role at which scope that takes.

`gate.js` stands in Azurite's own process, so that bodies of any size go straight to it; it asks `serving` about each
request, and `judge` decides.
"""

from azure_sandbox.storage_gate.judge import StorageJudge
from azure_sandbox.storage_gate.serving import Gate

__all__ = ["Gate", "StorageJudge"]
