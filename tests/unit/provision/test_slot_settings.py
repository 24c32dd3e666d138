"""What a slot's settings are made of."""

from __future__ import annotations

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions_model.core.secrets import Secret
from functions_model.hosting.app_service.machine_key import MACHINE_KEY
from functions_model.hosting.app_service.nouns import ObservedApp, ObservedSlot
from functions_model.hosting.app_service.settings import HOST_ID, host_id
from functions_model.hosting.app_service.slot_settings import (
    DISABLED,
    for_slot,
    slots_own,
    sticky_names,
    without_sticky,
)
from functions_model.provision import Observed
from support.wanted import BLOB, wanted

NAMES = st.text(string.ascii_letters + string.digits + "-", min_size=2, max_size=59)
WANTED = wanted(slot_name="staging")


def app(**settings: str) -> ObservedApp:
    return ObservedApp(
        id="",
        kind="",
        plan_id="",
        host_name="",
        identity_type="",
        identity_ids=(),
        runs="DOCKER|old",
        settings=settings,
    )


class TestHostId:
    @given(NAMES, NAMES)
    def test_is_one_that_the_host_takes(self, name: str, slot: str) -> None:
        """At most 32 lower-case letters, digits and hyphens, no hyphen at the end, the same in any case."""
        made = host_id(name, slot)

        assert re.fullmatch(r"[a-z0-9-]{0,31}[a-z0-9]", made)
        assert made == host_id(name.upper(), slot.lower())

    def test_differs_where_the_hosts_own_would_not(self) -> None:
        """Cut to 32 characters, the ids of app and slots are the same."""
        long = "a" * 40

        assert 3 == len({host_id(long, "staging"), host_id(long, "other"), long[:32]})


class TestTheSlotsOwn:
    def test_with_an_http_trigger_is_the_host_id(self) -> None:
        """Nothing calls a slot by itself."""
        assert {HOST_ID} == set(slots_own(WANTED, Observed()))

    def test_with_another_trigger_turns_it_off(self) -> None:
        """Until the trigger is HTTP again: then it is on."""
        blob = wanted(trigger=BLOB, slot_name="staging")
        was_off = Observed().having(ObservedSlot(app(**{DISABLED: "true"})))

        assert "true" == slots_own(blob, Observed())[DISABLED]
        assert "false" == slots_own(WANTED, was_off)[DISABLED]

    def test_is_sticky_beside_what_others_made_sticky(self) -> None:
        """Theirs first, none twice, whatever the case."""
        observed = Observed().having(ObservedSlot(None, (), ("THEIRS", HOST_ID.upper())))

        assert ("THEIRS", HOST_ID.upper(), MACHINE_KEY) == sticky_names(WANTED, observed)


class TestForSlot:
    @pytest.mark.parametrize("live", [None, app(ONLY_HERE="slot", THEIRS="stale")])
    def test_the_slot_gets_what_the_app_would_get(self, live: ObservedApp | None) -> None:
        """What others have set on the app included; what is sticky stays there."""
        observed = Observed().having(app(THEIRS="fresh", STICKY="production"), ObservedSlot(live, (), ("STICKY",)))

        want, view = for_slot(WANTED, observed)

        given = {name: secret.reveal() for name, secret in want.target.app_settings.items()}
        assert ("fresh", "good morning", "~4") == (
            given["THEIRS"],
            given["GREETING"],
            given["FUNCTIONS_EXTENSION_VERSION"],
        )
        assert "STICKY" not in given
        assert live is view.of(ObservedApp)

    @pytest.mark.parametrize("live", [None, app(), app(**{MACHINE_KEY: "slot's"})])
    def test_a_slot_keeps_its_machine_key(self, live: ObservedApp | None) -> None:
        """It never gets the app's, nor the user's own: a new slot is given one, one that is there keeps what it has."""
        observed = Observed().having(app(**{MACHINE_KEY: "app's"}), ObservedSlot(live))

        want, _ = for_slot(WANTED.with_settings({MACHINE_KEY: Secret("app's")}), observed)

        assert MACHINE_KEY in sticky_names(WANTED, observed)
        assert MACHINE_KEY not in want.target.app_settings

    def test_a_slot_keeps_any_other_encryption_key_from_the_app(self) -> None:
        """One that somebody has set goes before the machine key."""
        observed = Observed().having(app(AzureWebEncryptionKey="app's"), ObservedSlot(None))

        want, _ = for_slot(WANTED, observed)

        assert "AzureWebEncryptionKey" in sticky_names(WANTED, observed)
        assert "AzureWebEncryptionKey" not in want.target.app_settings

    def test_what_is_sticky_cannot_reach_the_app(self) -> None:
        """Else a swap would be wanted again and again."""
        settings = {"STICKY": Secret("x"), "FREE": Secret("y"), "WEBSITE_CONTENTSHARE": Secret("z")}
        want = WANTED.with_settings(settings)

        assert {"FREE"} == set(
            without_sticky(want, Observed().having(ObservedSlot(None, (), ("sticky",)))).target.app_settings
        )
