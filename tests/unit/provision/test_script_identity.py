"""`DefaultAzureCredential()` in a script: which identity it takes, and in which apps that is ours to say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from functions_model.core.secrets import Secret
from functions_model.core.spec import Access
from support.fake_arm import FakeArm
from support.provisioning import applied, planned
from support.wanted import REGISTRY

NAME = "AZURE_CLIENT_ID"
BY_KEYS: dict[str, Any] = {"access": Access.KEYS, "registry": replace(REGISTRY, admin=True)}


def held(arm: FakeArm, end: str) -> dict[str, Any]:
    """The resource with that end of its id."""
    return next(value for key, value in arm.resources.items() if key.endswith(end))


def client_id(arm: FakeArm) -> str:
    """That of the identity that the app was given."""
    return str(held(arm, "/iris-identity")["properties"]["clientId"])


def deployed(arm: FakeArm, **changes: Any) -> FakeArm:
    """A deployment, done."""
    applied(arm, planned(arm, **changes))
    return arm


def notes(arm: FakeArm, **changes: Any) -> list[str]:
    """What a plan says of it."""
    return [note for note in planned(arm, **changes).notes if "DefaultAzureCredential" in note]


class TestANewApp:
    def test_names_its_identity(self) -> None:
        """It has a user-assigned one alone, which the credential finds by its client id; the next run keeps it."""
        arm = deployed(FakeArm())

        assert client_id(arm) == arm.settings[NAME]
        assert not planned(arm).has_changes
        assert [] == notes(arm)

    def test_shows_in_the_plan_that_it_does(self) -> None:
        """As with every setting, by its name."""
        changes = planned(FakeArm()).changes

        assert [f"app setting `{NAME}`"] == [one.name for made in changes for one in made.fields if NAME in one.name]

    def test_takes_what_app_settings_say(self) -> None:
        """The user's own word is the last."""
        arm = deployed(FakeArm(), app_settings={NAME: Secret("mine")})

        assert "mine" == arm.settings[NAME]

    def test_has_none_with_keys(self) -> None:
        """There is no identity to name."""
        assert NAME not in deployed(FakeArm(), **BY_KEYS).settings

    def test_names_an_identity_that_was_made_again(self) -> None:
        """Its client id is another one, and the app is given both."""
        arm = deployed(FakeArm())
        before = arm.settings[NAME]
        site = held(arm, "/sites/iris")
        site["identity"]["userAssignedIdentities"] = {
            name: {"clientId": before} for name in site["identity"]["userAssignedIdentities"]
        }
        held(arm, "/iris-identity")["properties"]["clientId"] = "made-again"
        deployed(arm)

        assert "made-again" == arm.settings[NAME]


class TestAnAppThatIsThere:
    @pytest.mark.parametrize("identity", [None, {"type": "SystemAssigned"}], ids=["none", "its own"])
    def test_is_not_given_one(self, identity: Any) -> None:
        """It would be the identity of all its connections that name none."""
        arm = deployed(FakeArm(), **BY_KEYS)
        if identity:
            held(arm, "/sites/iris")["identity"] = identity
        deployed(arm)

        assert NAME not in arm.settings

    @pytest.mark.parametrize(
        ("identity", "begins"),
        [
            (None, "`DefaultAzureCredential()` in a script finds no identity in `iris`."),
            (
                {"type": "SystemAssigned"},
                "`DefaultAzureCredential()` in a script takes the system-assigned identity of `iris`.",
            ),
        ],
        ids=["none", "its own"],
    )
    def test_is_told_how_to_name_one(self, identity: Any, begins: str) -> None:
        """With what else that changes."""
        arm = deployed(FakeArm(), **BY_KEYS)
        if identity:
            held(arm, "/sites/iris")["identity"] = identity
        deployed(arm)

        [note] = notes(arm)

        assert note == (
            f"{begins} To let it take `iris-identity`, set AZURE_CLIENT_ID to `{client_id(arm)}` with `app-settings`: "
            "every connection of the app that names no identity takes that one then, too."
        )
        assert [] == notes(arm, app_settings={NAME: Secret("mine")})
        assert [] == notes(arm, **BY_KEYS)
