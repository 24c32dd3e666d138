"""Models of the SDK are ready when several threads read them for the first time."""

from __future__ import annotations

import subprocess
import sys

# A process of its own: here others have used the models before.
PROGRAM = """
from azure.mgmt.storage import StorageManagementClient
from azure.mgmt.storage.models import NetworkRuleSet, StorageAccount
from functions_model.azure.clients import make_ready

def known():
    return f"{NetworkRuleSet.__module__}.NetworkRuleSet" in NetworkRuleSet._calculated

before = known()
make_ready(StorageManagementClient)
after = known()
account = StorageAccount({"properties": {"networkAcls": {"defaultAction": "Deny"}}})
print(before, after, type(account.network_rule_set).__name__)
"""


def test_their_fields_are_known_before_they_are_read() -> None:
    """Else a thread that reads one while another works them out gets a dictionary instead of a model."""
    said = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60)

    assert "False True NetworkRuleSet" == said.stdout.strip()
