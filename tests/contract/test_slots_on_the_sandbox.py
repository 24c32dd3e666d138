"""Deployment slots planned, made, updated and swapped against the sandbox's Resource Manager."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from azure_sandbox.faults import Fault
from functions_model.core.failures import ApplyIncomplete, Overtaken, PlanRefused
from functions_model.core.secrets import Secret
from functions_model.hosting.app_service.app import through_slot
from functions_model.hosting.app_service.machine_key import MACHINE_KEY
from functions_model.hosting.app_service.settings import HOST_ID, host_id
from functions_model.hosting.app_service.slot_settings import DISABLED
from functions_model.hosting.app_service.swap import swap, swap_back
from functions_model.provision import Action, RunContext, observe
from functions_model.provision import plan as plan_for
from support.fake_data_plane import FakeApps
from support.sandbox_login import Azure, logged_in
from support.slots import (
    APP,
    MOVE,
    SLOT,
    STAGING,
    SWAPPED,
    actions,
    change_of,
    deploy,
    image,
    make_as_new,
    set_by_hand,
    settings,
)
from support.wanted import BLOB, QUEUE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_model.core.spec import Trigger


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Azure]:
    with logged_in(tmp_path_factory.mktemp("slots")) as one:
        yield one


@pytest.fixture
def azure(shared: Azure) -> Iterator[Azure]:
    """The shared sandbox, as new."""
    yield shared
    make_as_new(shared)


class TestWithoutSwap:
    def test_the_first_deployment_makes_both(self, azure: Azure) -> None:
        """A slot needs its app, which gets the same image; running again writes nothing."""
        first = deploy(azure, **STAGING)
        azure.sandbox.journal.clear()
        second = deploy(azure, **STAGING)

        assert {APP: Action.CREATE, SLOT: Action.CREATE} == actions(first)
        assert {APP: Action.KEEP, SLOT: Action.KEEP} == actions(second)
        assert ("a", "a") == (image(azure), image(azure, "staging"))
        assert [] == azure.writes()

    def test_a_new_version_goes_to_the_slot_alone(self, azure: Azure) -> None:
        """The app is kept, whatever it runs."""
        deploy(azure)
        plan = deploy(azure, digit="b", **STAGING)

        assert {APP: Action.KEEP, SLOT: Action.CREATE} == actions(plan)
        assert through_slot(plan.wanted, plan.observed)
        assert ("a", "b") == (image(azure), image(azure, "staging"))

    def test_the_slot_has_the_apps_identity_and_a_host_of_its_own(self, azure: Azure) -> None:
        """It pulls and works as the app does, and shares neither locks nor keys with it."""
        deploy(azure, **STAGING)
        apps = azure.clients.web.web_apps
        slot, app = apps.get_slot("iris-rg", "iris", "staging"), apps.get("iris-rg", "iris")
        sticky = apps.list_slot_configuration_names("iris-rg", "iris").app_setting_names
        assert slot.identity is not None
        assert app.identity is not None

        assert app.identity.user_assigned_identities is not None
        assert slot.identity.user_assigned_identities is not None
        assert app.identity.user_assigned_identities.keys() == slot.identity.user_assigned_identities.keys()
        assert host_id("iris", "staging") == settings(azure, "staging")[HOST_ID]
        assert HOST_ID not in settings(azure)
        assert [MACHINE_KEY, HOST_ID] == sticky

    def test_code_in_the_slot_has_the_apps_identity_by_default(self, azure: Azure) -> None:
        """Whether they are made together or one after the other."""
        deploy(azure, **STAGING)
        other = {"slot_name": "later"}
        deploy(azure, digit="b", **other)

        named = [settings(azure, slot)["AZURE_CLIENT_ID"] for slot in ("", "staging", "later")]
        assert [named[0]] * 3 == named

    @pytest.mark.parametrize("trigger", [BLOB, QUEUE])
    def test_a_trigger_is_off_in_the_slot(self, azure: Azure, trigger: Trigger) -> None:
        """It would take the app's work: what turns it off never leaves the slot."""
        deploy(azure, trigger=trigger)
        deploy(azure, digit="b", trigger=trigger, **SWAPPED)
        sticky = azure.clients.web.web_apps.list_slot_configuration_names("iris-rg", "iris").app_setting_names

        assert "true" == settings(azure, "staging")[DISABLED]
        assert DISABLED not in settings(azure)
        assert [MACHINE_KEY, HOST_ID, DISABLED] == sticky


class TestWithSwap:
    def test_the_first_deployment_makes_the_app_alone(self, azure: Azure) -> None:
        """There is nothing to swap with yet."""
        plan = deploy(azure, **SWAPPED)

        assert {APP: Action.CREATE} == actions(plan)
        assert not through_slot(plan.wanted, plan.observed)

    def test_a_new_version_goes_through_the_slot(self, azure: Azure) -> None:
        """The plan shows the swap as a line; then the app has the new version, and the slot the one before."""
        deploy(azure, **SWAPPED)
        plan = deploy(azure, digit="b", **SWAPPED)
        line = change_of(plan, MOVE)

        assert {APP: Action.KEEP, SLOT: Action.CREATE, MOVE: Action.UPDATE} == actions(plan)
        assert ("iris/staging with iris", "once the slot is verified") == (line.name, line.reason)
        assert ["image"] == [field.name for field in line.fields]
        assert ("b", "a") == (image(azure), image(azure, "staging"))

    def test_running_again_writes_nothing(self, azure: Azure) -> None:
        """The app has the version: neither the slot nor the swap is needed."""
        deploy(azure, **SWAPPED)
        deploy(azure, digit="b", **SWAPPED)
        azure.sandbox.journal.clear()
        plan = deploy(azure, digit="b", **SWAPPED)

        assert {APP: Action.KEEP, SLOT: Action.KEEP} == actions(plan)
        assert not plan.has_changes
        assert [] == azure.writes()

    def test_many_versions_in_turn(self, azure: Azure) -> None:
        """The slot is updated each time with what the app had before; keys and host ids stay where they are."""
        for digit in "abcd":
            deploy(azure, digit=digit, **SWAPPED)

        assert ("d", "c") == (image(azure), image(azure, "staging"))
        assert MACHINE_KEY in settings(azure)
        assert HOST_ID not in settings(azure)

    def test_one_that_was_stopped_before_the_swap_goes_on(self, azure: Azure) -> None:
        """The slot has the version, the app has not: only the swap is left."""
        deploy(azure, **SWAPPED)
        azure.apply(azure.plan(digit="b", **SWAPPED))
        plan = azure.plan(digit="b", **SWAPPED)

        assert {APP: Action.KEEP, SLOT: Action.KEEP, MOVE: Action.UPDATE} == actions(plan)


class TestTags:
    def test_tell_of_what_the_app_runs(self, azure: Azure) -> None:
        """Tags are not swapped, so that the app gets those of its new version; and the old ones back."""
        deploy(azure, **SWAPPED)
        want = azure.plan(digit="b", **SWAPPED).wanted
        want = replace(want, tags={**want.tags, "source-commit": "new"})
        plan = plan_for(want, observe(azure.clients, want))
        azure.apply(plan)
        assert plan.move is not None
        swap(plan, plan.move, azure.clients, RunContext(report=print))
        new = azure.clients.web.web_apps.get("iris-rg", "iris").tags or {}
        swap_back(plan, plan.move, azure.clients, RunContext(report=print))
        old = azure.clients.web.web_apps.get("iris-rg", "iris").tags or {}

        assert ("new", None) == (new.get("source-commit"), old.get("source-commit"))


class TestSettingsOfOthers:
    def test_are_not_lost_in_a_swap(self, azure: Azure) -> None:
        """What somebody has set on the app is carried over to the slot, also when it changes later."""
        deploy(azure, **SWAPPED)
        set_by_hand(azure, THEIRS="one")
        deploy(azure, digit="b", **SWAPPED)
        after_one = settings(azure)["THEIRS"]
        set_by_hand(azure, THEIRS="two")
        deploy(azure, digit="c", **SWAPPED)

        assert ("one", "two") == (after_one, settings(azure)["THEIRS"])

    def test_that_are_sticky_stay_where_they_are(self, azure: Azure) -> None:
        """The names that others have made sticky are kept, and such a setting is not carried over."""
        deploy(azure, **SWAPPED)
        set_by_hand(azure, THEIRS="production")
        names: Any = {"properties": {"appSettingNames": ["THEIRS"]}}
        azure.clients.web.web_apps.update_slot_configuration_names("iris-rg", "iris", names)
        deploy(azure, digit="b", **SWAPPED)
        sticky = azure.clients.web.web_apps.list_slot_configuration_names("iris-rg", "iris").app_setting_names

        assert ("production", None) == (settings(azure)["THEIRS"], settings(azure, "staging").get("THEIRS"))
        assert ["THEIRS", MACHINE_KEY, HOST_ID] == sticky

    def test_that_are_sticky_may_be_connection_strings_and_mounts(self, azure: Azure) -> None:
        """All three lists of names are written back, as az does."""
        deploy(azure)
        theirs = {"connectionStringNames": ["DB"], "azureStorageConfigNames": ["share"], "appSettingNames": ["THEIRS"]}
        body: Any = {"properties": theirs}
        azure.clients.web.web_apps.update_slot_configuration_names("iris-rg", "iris", body)
        deploy(azure, digit="b", **STAGING)
        held = azure.clients.web.web_apps.list_slot_configuration_names("iris-rg", "iris").as_dict()["properties"]

        assert {**theirs, "appSettingNames": ["THEIRS", MACHINE_KEY, HOST_ID]} == held

    def test_the_users_own_reach_the_app_with_the_swap(self, azure: Azure) -> None:
        """A changed setting is a new version, too; no value is shown in the plan."""
        deploy(azure, **SWAPPED)
        plan = deploy(azure, app_settings={"GREETING": Secret("good evening")}, **SWAPPED)

        assert "good evening" == settings(azure)["GREETING"]
        assert "good" not in repr(plan.changes)


class TestRefusals:
    @pytest.mark.parametrize(("sku", "words"), [("B1", "which has no deployment slots"), ("EP1", "allows 2 slots")])
    def test_a_plan_without_room(self, azure: Azure, sku: str, words: str) -> None:
        """Refused in the plan, before anything is written."""
        deploy(azure, plan_sku=sku)
        for name in ("one", "two") if sku == "EP1" else ():
            deploy(azure, plan_sku=sku, slot_name=name)
        azure.sandbox.journal.clear()

        with pytest.raises(PlanRefused, match=words):
            azure.plan(plan_sku=sku, **STAGING)

        assert [] == azure.writes()

    def test_a_swap_that_azure_refuses_leaves_all_as_it_was(self, azure: Azure) -> None:
        """The slot does not come to life in the app's place."""
        deploy(azure, **SWAPPED)
        plan = azure.plan(digit="b", **SWAPPED)
        azure.apply(plan)
        apps = azure.sandbox.data.apps
        assert isinstance(apps, FakeApps)
        apps.comes_to_life = False
        assert plan.move is not None

        with pytest.raises(ApplyIncomplete, match="did not respond to http ping"):
            swap(plan, plan.move, azure.clients, RunContext(report=print, sleep=lambda _: None))

        assert "a" == image(azure)


class TestASwapIsMadeOnce:
    @pytest.mark.parametrize("executed", [True, False])
    def test_however_azure_answers(self, azure: Azure, executed: bool) -> None:
        """An answer that got lost is no reason to swap again, which would bring the old version back."""
        deploy(azure, **SWAPPED)
        fault = Fault("POST", "/slotsswap", 503, executed=executed, headers={"Retry-After": "0"})
        azure.sandbox.faults.add(fault)
        deploy(azure, digit="b", **SWAPPED)
        sent = [entry for entry in azure.sandbox.journal.entries("arm") if "/slotsswap" in entry.path]

        assert ("b", "a") == (image(azure), image(azure, "staging"))
        assert (1 if executed else 2) == len(sent)

    def test_and_given_up_after_five_minutes_of_faults(self, azure: Azure) -> None:
        """It is waited for as every other write is, told once, and the app stays as it was."""
        deploy(azure, **SWAPPED)
        plan = azure.plan(digit="b", **SWAPPED)
        azure.apply(plan)
        azure.sandbox.faults.add(Fault("POST", "/slotsswap", 503, times=None))
        told: list[str] = []
        slept: list[float] = []
        assert plan.move is not None

        with pytest.raises(ApplyIncomplete, match="Could not swap"):
            swap(plan, plan.move, azure.clients, RunContext(report=told.append, sleep=slept.append))

        assert "a" == image(azure)
        assert 1 == len(told)
        assert 270 < sum(slept) <= 300

    def test_and_taken_back_only_from_its_own_version(self, azure: Azure) -> None:
        """What somebody else has deployed meanwhile stays."""
        deploy(azure, **SWAPPED)
        plan = deploy(azure, digit="b", **SWAPPED)
        assert plan.move is not None
        swap_back(plan, plan.move, azure.clients, RunContext(report=print))
        back = image(azure)

        with pytest.raises(Overtaken):
            swap_back(plan, plan.move, azure.clients, RunContext(report=print))

        assert ("a", "a") == (back, image(azure))


class TestRequests:
    def test_a_run_without_a_slot_reads_nothing_of_slots(self, azure: Azure) -> None:
        """Slots cost those who do not use them nothing."""
        deploy(azure)
        azure.sandbox.journal.clear()
        azure.plan()

        assert [] == [entry.path for entry in azure.sandbox.journal.entries("arm") if "slot" in entry.path.lower()]
