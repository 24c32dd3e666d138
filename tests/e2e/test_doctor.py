"""`functions-model doctor` against the sandbox: what it finds, and that its commands mend it."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from azure_sandbox.arm.resource_locks import Level
from support.az import Az, new_az
from support.doctoring import OTHER_GROUP, Report, Ward
from support.governing import needs_tag

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

ALL = ("Contributor", "Role Based Access Control Administrator", "AcrPush")


@pytest.fixture(scope="module")
def az(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Az:
    """The owner's."""
    one = new_az(tmp_path_factory.mktemp("az"), sandbox.endpoints)
    one.sign_in(sandbox.endpoints, "-p", sandbox.endpoints.client_secret)
    return one


@pytest.fixture(autouse=True)
def _ungoverned(sandbox: Sandbox) -> Iterator[None]:
    yield
    sandbox.arm.policies.clear()
    sandbox.arm.locks.clear()


@pytest.fixture
def ward(sandbox: Sandbox, tmp_path: Path, request: pytest.FixtureRequest) -> Ward:
    """One whose name is the test's."""
    words = re.sub("[^a-z]+", "-", request.node.name.removeprefix("test_"))
    return Ward(sandbox, tmp_path, f"w-{words}"[:24].strip("-"))


class TestALoginThatMay:
    def test_is_told_so(self, ward: Ward) -> None:
        """In seconds. Nothing is written: what is a POST only asks."""
        ward.grant(*ALL)
        ward.sandbox.journal.clear()
        report = ward.ask()

        assert (0, set()) == (report.code, report.of("problem")), report.text
        assert {"login", "subscription", "registry", "push", "rights", "policies", "locks", "quota"} <= report.of("ok")
        assert {"POST"} >= {entry.method for entry in ward.sandbox.journal.writes()}
        assert report.busy < 15  # on a machine that does nothing else it takes four seconds in all

    @pytest.mark.exhaustive
    def test_knows_more_as_a_reader_of_the_subscription(self, ward: Ward) -> None:
        """Whether names are free, and providers registered."""
        ward.grant(*ALL)
        few = ward.ask().of("not asked")
        ward.grant_on_subscription("Reader")

        assert {"providers", "storage account", "function app"} == few
        assert set() == ward.ask().of("not asked")

    @pytest.mark.exhaustive
    def test_is_not_asked_about_a_deployment_that_nobody_describes(self, ward: Ward) -> None:
        """Without names the login and its only subscription are told, and what is missing to ask the rest."""
        ward.grant(*ALL)
        bare = with_few_inputs(ward, "cloud", "tenant-id", "client-id", "base-image").ask()

        assert (0, set()) == (bare.code, bare.of("problem")), bare.text
        assert {"login", "subscription"} <= bare.of("ok")
        assert {"inputs", "files", "registry", "resources", "rights", "policies", "locks"} == bare.of("not asked")
        assert "`app-name`" in bare.words("registry")

    def test_goes_on_after_an_input_that_is_wrong(self, ward: Ward) -> None:
        """A script that is not there keeps nobody from being told of Azure."""
        ward.grant("Contributor", "AcrPush")
        report = ward.ask(entry_script="none.py")

        assert (2, {"inputs", "rights"}) == (report.code, report.of("problem")), report.text


def with_few_inputs(ward: Ward, *kept: str) -> Ward:
    """The same ward with some of its inputs alone."""
    ward.inputs = {name: value for name, value in ward.inputs.items() if name in kept}
    return ward


@pytest.mark.needs("az")
@pytest.mark.exhaustive
class TestItsCommands:
    """Each is typed as it is printed; then the doctor finds nothing."""

    def mended(self, ward: Ward, az: Az, topics: set[str], **changes: str) -> Report:
        """What was said before."""
        before = ward.ask(**changes)
        assert topics == before.of("problem"), before.text
        ward.type(az, before)
        after = ward.ask(**changes)
        assert (0, set()) == (after.code, after.of("problem")), after.text
        return before

    def test_for_a_login_without_any_role(self, ward: Ward, az: Az) -> None:
        """Both roles on the group, at once."""
        before = self.mended(ward, az, {"subscription"})

        assert 2 == len(before.commands)

    def test_for_a_reader(self, ward: Ward, az: Az) -> None:
        """What it may not write, assign and push."""
        ward.grant_on_subscription("Reader")
        before = self.mended(ward, az, {"rights", "push"})

        assert 5 == before.code

    @pytest.mark.parametrize("may", [False, True], ids=["who-may-not", "who-may"])
    def test_for_providers(self, ward: Ward, az: Az, may: bool) -> None:
        """A login that may register them is only told that it takes a while."""
        ward.grant(*ALL)
        ward.grant_on_subscription("Contributor" if may else "Reader")
        providers = ward.sandbox.arm.providers
        providers.unregister("Microsoft.Web")
        providers.unregister("Microsoft.Storage")
        try:
            before = ward.ask()
            assert "providers" in before.of("warning" if may else "problem"), before.text
            assert ["az provider register --namespace"] * 2 == [line.rpartition(" M")[0] for line in before.commands]
            ward.type(az, before)
        finally:
            for name in ("Microsoft.Web", "Microsoft.Storage"):
                providers.register(name)
        assert "providers" in ward.ask().of("ok")

    def test_for_a_registry_that_is_missing(self, ward: Ward, az: Az) -> None:
        """The last of its commands makes one; the first is for one that is there and hidden."""
        ward.grant(*ALL)
        name = f"{ward.name}other".replace("-", "")
        before = ward.ask(registry=name)
        assert (6, {"registry"}) == (before.code, before.of("problem")), before.text
        assert {"policies", "locks"} <= before.of("ok")
        ward.type(az, replace(before, text="\n".join(f"    {line}" for line in before.commands[-1:])))

        assert 0 == ward.ask(registry=name).code

    def test_for_a_lock(self, ward: Ward, az: Az) -> None:
        """One against removal is no problem of a deployment."""
        ward.grant(*ALL)
        group = ward.places["the resource group"]
        ward.sandbox.arm.locks.put(group, Level.CAN_NOT_DELETE, "careful")
        ward.sandbox.arm.locks.put(group, Level.READ_ONLY, "frozen")
        elsewhere = f"{group}-of-others"
        ward.sandbox.arm.locks.put(elsewhere, Level.READ_ONLY, "theirs")
        ward.grant_on_subscription("Reader")
        before = self.mended(ward, az, {"locks"})

        assert 7 == before.code
        assert "theirs" not in before.text

    def test_for_a_group_to_come(self, ward: Ward, az: Az) -> None:
        """Only then can Azure tell of quota."""
        ward.grant_on_subscription("Contributor", ALL[1])
        before = ward.ask(resource_group=f"{ward.name}-new")
        assert {"quota"} == before.of("not asked"), before.text
        ward.type(az, before)

        assert "quota" in ward.ask(resource_group=f"{ward.name}-new").of("ok")


@pytest.mark.exhaustive
class TestWhatNoCommandMends:
    """The words say which input does."""

    def test_quota(self, ward: Ward) -> None:
        """Another size has some."""
        ward.grant(*ALL)
        ward.sandbox.arm.room.take_away("ElasticPremium", "northeurope")
        report = ward.ask(location="northeurope")

        assert (6, {"plan"}) == (report.code, report.of("problem")), report.text
        assert "quota of 0" in report.words("plan")
        assert 0 == ward.ask(location="northeurope", plan_sku="P1v3").code

    def test_a_name_that_is_taken(self, ward: Ward) -> None:
        """Only who reads the subscription is told."""
        ward.grant(*ALL)
        ward.grant_on_subscription("Reader")
        report = ward.ask(storage_account=ward.take_account())

        assert (6, {"storage account"}) == (report.code, report.of("problem")), report.text
        assert OTHER_GROUP in report.text

    def test_a_policy(self, ward: Ward) -> None:
        """Asked beforehand, with what each resource will be; the line to add is the same as after a refusal."""
        ward.grant(*ALL)
        ward.sandbox.arm.policies.assign(needs_tag("cost-center", scope=ward.places["the resource group"]))
        report = ward.ask()

        assert (7, {"policies"}) == (report.code, report.of("problem")), report.text
        assert "Add to `tags` the line `cost-center=VALUE`." in report.text
        assert 0 == ward.ask(tags="cost-center=4711").code
