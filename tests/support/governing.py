"""Policies that companies assign, as the sandbox takes them: built-in definitions of Azure, by their rules."""

from __future__ import annotations

from typing import Any

from azure_sandbox.arm.policies import GROUPS, Policy

ACCOUNTS = "Microsoft.Storage/storageAccounts"


def needs_tag(name: str, **more: Any) -> Policy:
    """`Require a tag on resources`, 871b6d14-10aa-478d-b590-94f262ecfa99."""
    return Policy("Require a tag on resources", {"field": f"tags[{name}]", "exists": "false"}, f"need-{name}", **more)


def groups_need_tag(name: str) -> Policy:
    """`Require a tag on resource groups`, 96670d01-0a4d-4649-9c89-2d3abc0a5025."""
    rule = {"allOf": [{"field": "type", "equals": GROUPS}, {"field": f"tags[{name}]", "exists": "false"}]}
    return Policy("Require a tag on resource groups", rule, f"groups-need-{name}", groups=True)


def one_of(name: str, *values: str) -> Policy:
    """A custom definition: a tag has one of some values."""
    return Policy("Tag in a set", {"field": f"tags['{name}']", "notIn": list(values)}, f"{name}-in-set")


def allowed_locations(*locations: str) -> Policy:
    """`Allowed locations`, e56962a6-4747-49cd-b67b-bf8b01975c4c."""
    rule = {
        "allOf": [
            {"field": "location", "notIn": list(locations)},
            {"field": "location", "notEquals": "global"},
            {"field": "type", "notEquals": "Microsoft.AzureActiveDirectory/b2cDirectories"},
        ]
    }
    return Policy("Allowed locations", rule, "regions")


def no_shared_keys() -> Policy:
    """`Storage accounts should prevent shared key access`, 8c6a50c6-9ffd-4ae7-986f-5fa6111f9a54."""
    rule = {
        "allOf": [
            {"field": "type", "equals": ACCOUNTS},
            {
                "anyOf": [
                    {"field": f"{ACCOUNTS}/allowSharedKeyAccess", "exists": "false"},
                    {"field": f"{ACCOUNTS}/allowSharedKeyAccess", "equals": "true"},
                ]
            },
        ]
    }
    return Policy("Storage accounts should prevent shared key access", rule, "no-keys", types=frozenset({ACCOUNTS}))


def double_encryption() -> Policy:
    """`Storage accounts should have infrastructure encryption`, 4733ea7b-a883-42fe-8cac-97454c2a9e4a."""
    alias = f"{ACCOUNTS}/encryption.requireInfrastructureEncryption"
    rule = {"allOf": [{"field": "type", "equals": ACCOUNTS}, {"not": {"field": alias, "equals": "true"}}]}
    return Policy("Storage accounts should have infrastructure encryption", rule, "twice")


def adds_tag(name: str, value: str) -> Policy:
    """`Add a tag to resources`, 4f9dc7db-30c1-420c-b61a-e1d640128d26, of the effect `modify`."""
    rule = {"field": f"tags['{name}']", "exists": "false"}
    return Policy("Add a tag to resources", rule, f"add-{name}", adds={name: value})
