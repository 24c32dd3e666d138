"""`access: keys`, and what becomes of callers when the machine key changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from deployments import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    import product
from deployments import App

MACHINE_KEY = "MACHINEKEY_DecryptionKey"


@pytest.fixture(scope="module")
def first(keyed: App) -> product.Run:
    """The first deployment: the image is pulled with a password, the host's storage opened with a key."""
    run = keyed.deploy()
    assert run.code == 0, run.log[-8000:]
    return run


class TestAccessByKeys:
    """An app without an identity."""

    def test_az_lists_its_keys(self, keyed: App, first: product.Run, observe: Callable[..., None]) -> None:
        """`az functionapp keys list`: a master key and a key for every function."""
        keys = keyed.azure.az.json("functionapp", "keys", "list", *keyed.of)

        observe("there is a master key", believed=True, seen=bool(keys["masterKey"]))
        observe("keys for every function", believed=["default"], seen=sorted(keys["functionKeys"]))

    def test_a_callers_old_key_still_opens(self, keyed: App, first: product.Run, observe: Callable[..., None]) -> None:
        """After the next deployment, which leaves the machine key as it is."""
        key, machine_key = keyed.key(), keyed.settings()[MACHINE_KEY]["value"]
        keyed.version("second")

        run = keyed.deploy()

        answer = keyed.call(first.outputs["scoring-url"], key, json={"x": 1})
        observe("exit code", believed=0, seen=run.code)
        observe("the machine key stays", believed=True, seen=keyed.settings()[MACHINE_KEY]["value"] == machine_key)
        observe("a caller with the old key", believed=200, seen=answer.status_code)

    def test_another_machine_key_loses_callers(
        self, keyed: App, first: product.Run, observe: Callable[..., None]
    ) -> None:
        """Set by `az`, as a person might: the host cannot read its keys any more, and makes new ones."""
        key, other = keyed.key(), f"{MACHINE_KEY}={'0123456789ABCDEF' * 4}"
        keyed.azure.az.json("functionapp", "config", "appsettings", "set", *keyed.of, "--settings", other)

        refused = eventually(lambda: self.status(keyed, first, key) == 401)

        observe("a caller with the old key is refused", believed=True, seen=refused)

    def test_keys_are_listed_without_one(self, keyed: App, first: product.Run, observe: Callable[..., None]) -> None:
        """Deleted by `az`: whether Resource Manager still gets at the host's keys."""
        keyed.azure.az.text(
            *("functionapp", "config", "appsettings", "delete", *keyed.of, "--setting-names", MACHINE_KEY)
        )

        listed = eventually(keyed.keys, seconds=300)

        observe("keys are listed without a machine key", believed=True, seen=bool(listed))

    def status(self, app: App, run: product.Run, key: str) -> int:
        """What a caller gets."""
        return app.call(run.outputs["scoring-url"], key, json={"x": 1}).status_code
