"""An entry script that reads a blob by the app's identity: the example, deployed as its README says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.cli.folder import inputs_of
from support.deployment import run_action
from support.live_sites import scored, site_of
from support.sandbox_login import logged_in_to
from support.tools import ROOT

if TYPE_CHECKING:
    from azure_sandbox.sandbox import Sandbox

EXAMPLE = ROOT / "examples" / "rent-by-identity"
READER = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1"
WHERE = {"location": "westeurope"}


def rates_url(sandbox: Sandbox) -> str:
    """A blob with rates, and an identity that may read it: what somebody makes before the first deployment."""
    with logged_in_to(sandbox) as azure:
        azure.clients.resource.resource_groups.create_or_update("rent", WHERE)
        body: Any = {**WHERE, "sku": {"name": "Standard_LRS"}, "kind": "StorageV2", "properties": {}}
        account: Any = azure.clients.storage.storage_accounts.begin_create("rent", "contosorates", body).result()
        who = azure.clients.msi.user_assigned_identities.create_or_update("rent", "rent-identity", WHERE)
    sandbox.data.storage.upload("contosorates", "rates", "today.json", json.dumps({"EUR": 1, "SEK": 11.2}).encode())
    sandbox.roles.grant(str(who.principal_id), READER, str(account.id))
    return f"{account.properties.primary_endpoints.blob}rates/today.json"


@pytest.mark.exhaustive
def test_the_example_reads_its_rates(sandbox: Sandbox) -> None:
    """By the real client libraries, with what the app was given: an identity, and its name."""
    names = {"app-name": "contoso-rent", "resource-group": "rent", "identity-name": "rent-identity"}
    given = {**sandbox.endpoints.inputs(), **inputs_of(EXAMPLE), **names}

    run = run_action(EXAMPLE, {**given, "app-settings": f"RATES_URL={rates_url(sandbox)}"}, sandbox.endpoints.environ())

    assert run.code == 0, run.log
    assert '{"rent": 869.77, "currency": "EUR"}' in run.summary
    assert {"rent": 9741.45, "currency": "SEK"} == scored(
        sandbox, "rent", "contoso-rent", {"area": 60, "currency": "SEK"}
    )
    assert "AZURE_CLIENT_ID" in site_of(sandbox, "rent", "contoso-rent").settings
