"""A deployment slot, and a swap under the eyes of a caller."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    import product
    from deployments import App

WEB = "2023-12-01"
SLOT = ("--slot", "staging")


@pytest.fixture(scope="module")
def before(told: App) -> tuple[str, str]:
    """The app's own version is live: a caller's key, and the URL that the caller knows."""
    told.version("before the swap")
    run = told.deploy()
    assert run.code == 0, run.log[-8000:]
    return told.key(), run.outputs["scoring-url"]


@pytest.fixture(scope="module")
def swapped(told: App, before: tuple[str, str]) -> product.Run:
    """A new version, through a slot."""
    told.version("after the swap")
    run = told.deploy(slot_name="staging", swap="true")
    assert run.code == 0, run.log[-8000:]
    return run


@pytest.fixture(scope="module")
def moved(told: App, swapped: product.Run) -> tuple[str, str]:
    """What the slot has that the app has not, then the swap; the images of app and slot before it."""
    az, settings = told.azure.az, ("functionapp", "config", "appsettings", "set", *told.of, *SLOT)
    az.text(*settings, "--settings", "REAL_MOVES=slot", "--slot-settings", "REAL_STAYS=slot")
    string = ("--connection-string-type", "Custom", "--settings", "REAL=of-the-slot")
    az.text("webapp", "config", "connection-string", "set", *told.of, *SLOT, *string)
    before = told.image(), told.image(*SLOT)
    az.text("functionapp", "deployment", "slot", "swap", *told.of, *SLOT)
    return before


class TestSwap:
    """`slot-name: staging` and `swap: true`."""

    def test_callers_get_the_new_version(
        self, told: App, before: tuple[str, str], swapped: product.Run, observe: Callable[..., None]
    ) -> None:
        """At the old address, with the old key: keys belong to their slot, and do not move."""
        key, url = before

        answer = told.call(url, key, json={"x": 1})

        observe("a caller with the old key", believed=200, seen=answer.status_code)
        observe(
            "the version that answers", believed="after the swap", seen=answer.json()["version"] if answer.ok else ""
        )

    def test_the_slot_has_the_version_before(
        self, told: App, swapped: product.Run, observe: Callable[..., None]
    ) -> None:
        """`az functionapp deployment slot list` shows it, and `config show` its image."""
        listed = told.azure.az.json("functionapp", "deployment", "slot", "list", *told.of)

        observe("slots", believed=["staging"], seen=[one["name"].rpartition("/")[2] for one in listed])
        observe("app and slot run different images", believed=True, seen=told.image() != told.image(*SLOT))
        observe("the app's image is the output's", believed=True, seen=told.image() == swapped.outputs["image"])

    def test_names_that_stay_are_written_as_a_whole(
        self, told: App, swapped: product.Run, observe: Callable[..., None]
    ) -> None:
        """A PUT of one of the three lists drops the others; what was there is put back."""
        path = f"{told.path}/config/slotConfigNames"
        before = told.azure.arm.do("GET", path, WEB)["properties"]
        told.azure.arm.do("PUT", path, WEB, {"properties": {**before, "connectionStringNames": ["REAL"]}})
        told.azure.arm.do("PUT", path, WEB, {"properties": {"appSettingNames": before["appSettingNames"]}})

        seen = told.azure.arm.do("GET", path, WEB)["properties"].get("connectionStringNames")

        told.azure.arm.do("PUT", path, WEB, {"properties": before})
        observe("names of connection strings after a PUT without them", believed=None, seen=seen or None)

    def test_the_machine_key_stays(self, told: App, swapped: product.Run, observe: Callable[..., None]) -> None:
        """It is a setting of its slot, and app and slot have one each."""
        here, there = (settings["MACHINEKEY_DecryptionKey"] for settings in (told.settings(), told.settings(*SLOT)))

        observe("the machine key is a slot setting", believed=True, seen=here["slotSetting"])
        observe("app and slot have one of their own", believed=True, seen=here["value"] != there["value"])


class TestWhatASwapMoves:
    """A swap by `az`, of settings that the product has not written."""

    def test_settings(self, told: App, moved: tuple[str, str], observe: Callable[..., None]) -> None:
        """A setting moves, one of the slot stays, and the images change over."""
        app, slot = told.settings(), told.settings(*SLOT)

        observe("the app has the slot's setting", believed=True, seen="REAL_MOVES" in app)
        observe("the app has the slot's own setting", believed=False, seen="REAL_STAYS" in app)
        observe("the slot has its own setting", believed=True, seen="REAL_STAYS" in slot)
        observe("the images changed over", believed=True, seen=(told.image(*SLOT), told.image()) == moved)

    def test_connection_strings(self, told: App, moved: tuple[str, str], observe: Callable[..., None]) -> None:
        """One that is not the slot's own moves."""
        listed = told.azure.az.json("webapp", "config", "connection-string", "list", *told.of)

        observe("the app's connection strings", believed=["REAL"], seen=[one["name"] for one in listed])
