"""References to Key Vault: what an app's container sees in their place."""

from __future__ import annotations

import pytest

from azure_sandbox.apps.key_vaults import KeyVaults
from azure_sandbox.contract import SiteDefinition

from .conftest import SUBSCRIPTION, FakeDirectory, FakeRoles

VAULT = f"{SUBSCRIPTION}/resourceGroups/g/providers/Microsoft.KeyVault/vaults/Contoso"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
BY_URI = "@Microsoft.KeyVault(SecretUri=https://contoso.vault.azure.net/secrets/word/)"


def seen(setting: str, *, resolver: bool = True, role: bool = True) -> str:
    """What the container sees of a setting, with or without a resolver and its role."""
    who, roles = FakeDirectory().add("app"), FakeRoles()
    vaults = KeyVaults(roles)
    vaults.put(VAULT, {"word": "open sesame"})
    if role:
        roles.give(who, VAULT, SECRETS_USER)
    site = SiteDefinition(
        resource_id="app",
        name="app",
        linux_fx_version="",
        app_settings={"WORD": setting},
        identities={who.client_id: who},
        acr_identity_client_id=None,
        key_vault_identity=who.client_id if resolver else "",
    )
    return vaults.resolved(site).app_settings["WORD"]


class TestAReference:
    @pytest.mark.parametrize(
        "setting",
        [
            BY_URI,
            BY_URI.replace("/)", ")"),
            BY_URI.replace("/)", "/0123456789abcdef)"),
            "@Microsoft.KeyVault(VaultName=contoso;SecretName=word)",
            "@microsoft.keyvault(VaultName=contoso;SecretName=word;SecretVersion=0123456789abcdef)",
        ],
    )
    def test_is_seen_as_the_secret(self, setting: str) -> None:
        """In either form, with a version or without."""
        assert "open sesame" == seen(setting)

    @pytest.mark.parametrize("lacks", ["resolver", "role"])
    def test_is_seen_as_its_text_where_nobody_may_follow_it(self, lacks: str) -> None:
        """Without an identity that resolves it, and without that identity's role."""
        assert BY_URI == seen(BY_URI, **{lacks: False})

    @pytest.mark.parametrize(
        "setting",
        [BY_URI.replace("word", "other"), BY_URI.replace("contoso", "other"), "@Microsoft.KeyVault(nothing)", "text"],
    )
    def test_is_seen_as_its_text_where_it_leads_nowhere(self, setting: str) -> None:
        """To a secret or a vault that is not there; and what is no reference stays as it is."""
        assert setting == seen(setting)
