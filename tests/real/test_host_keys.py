"""Keys, as the host keeps them in its storage: with a machine key, with another one, and without."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING

import pytest

from hosts import SECRETS, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from hosts import Host, Hosts

NAME = "keys"
MACHINE_KEY = "MACHINEKEY_DecryptionKey"


@pytest.fixture(scope="module")
def started(hosts: Hosts) -> Callable[..., Host]:
    """Brings the app of these checks up again, with settings; waits until the host has them."""

    def start(name: str, **settings: str) -> Host:
        mark = f"REAL_{secrets.token_hex(4).upper()}"
        host = hosts.start(name, "http", {**settings, mark: "1"})
        assert until(lambda: mark in host.look().get("settings", [])), host.read_log()
        return host

    return start


def function_key(host: Host) -> str:
    """The key that the host made for the function `closed`."""
    answer = host.ask("/admin/functions/closed/keys", key=host.master)
    assert answer.ok, answer.text
    return str(answer.json()["keys"][0]["value"])


def opens(host: Host, key: str) -> int:
    """The status that a caller with that key gets."""
    return host.ask("/api/closed", key=key).status_code


def kept(hosts: Hosts, name: str) -> dict[str, dict[str, object]]:
    """What the storage holds of an app's keys, by the name of the blob."""
    blobs = hosts.storage().get_container_client(SECRETS)
    names = list(blobs.list_blob_names(name_starts_with=f"{name}/"))
    return {one.removeprefix(f"{name}/"): json.loads(blobs.download_blob(one).readall()) for one in names}


class TestWithAMachineKey:
    """An app whose settings hold `MACHINEKEY_DecryptionKey`."""

    def test_keys_are_kept_encrypted(
        self, hosts: Hosts, started: Callable[..., Host], observe: Callable[..., None]
    ) -> None:
        """The host makes a key for a function that has none, and stores it under the machine key."""
        host = started("encrypted", **{MACHINE_KEY: secrets.token_hex(32).upper()})

        key = function_key(host)

        stored = kept(hosts, "encrypted")["closed.json"]["keys"][0]  # type: ignore[index]
        observe("a caller with the function's key", believed=200, seen=opens(host, key))
        observe("a caller without one", believed=401, seen=opens(host, ""))
        observe("the stored key is encrypted", believed=True, seen=stored["encrypted"])
        observe("the stored key is the key itself", believed=False, seen=stored["value"] == key)

    def test_the_same_one_keeps_callers(self, started: Callable[..., Host], observe: Callable[..., None]) -> None:
        """After a restart with the same machine key, every caller's key still opens."""
        machine_key = secrets.token_hex(32).upper()
        key = function_key(started("same", **{MACHINE_KEY: machine_key}))

        again = started("same", **{MACHINE_KEY: machine_key})

        observe("a caller's old key after a restart", believed=200, seen=opens(again, key))

    def test_another_one_loses_callers(
        self, hosts: Hosts, started: Callable[..., Host], observe: Callable[..., None]
    ) -> None:
        """What cannot be read is set aside and made anew: every caller gets 401."""
        key = function_key(started("other", **{MACHINE_KEY: secrets.token_hex(32).upper()}))

        again = started("other", **{MACHINE_KEY: secrets.token_hex(32).upper()})

        observe("a caller's old key after another machine key", believed=401, seen=opens(again, key))
        observe("the function has a new key", believed=True, seen=function_key(again) != key)
        aside = [name for name in kept(hosts, "other") if name.startswith("closed.snapshot")]
        observe("the unreadable keys are set aside", believed=1, seen=len(aside))

    def test_a_key_in_the_clear_is_taken(self, started: Callable[..., Host], observe: Callable[..., None]) -> None:
        """The master key that was put into the storage in the clear opens the host's own doors."""
        host = started("clear", **{MACHINE_KEY: secrets.token_hex(32).upper()})

        seen = host.ask("/admin/host/status", key=host.master).status_code
        observe("a master key that is stored in the clear", believed=200, seen=seen)


class TestWithoutAMachineKey:
    """An app that has none, as one that nobody gave any."""

    def test_what_becomes_of_callers_when_it_gets_one(
        self, started: Callable[..., Host], observe: Callable[..., None]
    ) -> None:
        """The function's key before, and whether it still opens when the setting is added."""
        before = started("bare")
        answer = before.ask("/admin/functions/closed/keys", key=before.master)
        observe("the host makes keys without a machine key", believed=200, seen=answer.status_code)
        key = answer.json()["keys"][0]["value"] if answer.ok else ""

        after = started("bare", **{MACHINE_KEY: secrets.token_hex(32).upper()})

        observe("a caller's old key once there is a machine key", believed=401, seen=opens(after, key))
