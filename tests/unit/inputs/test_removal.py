"""What `mode: destroy` takes: a login and names, and nothing of what makes an image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import InputsInvalid
from functions_model.core.spec import DeploymentSpec, Mode, RemovalSpec
from functions_model.inputs import from_arguments, read_any
from functions_model.inputs.catalogue import CATALOGUE
from functions_model.inputs.command_line import arguments_parser
from support.inputs import DEPLOY, GUID

if TYPE_CHECKING:
    from pathlib import Path

OTHER = GUID.replace("0a1b", "ffff")
NAMES = {
    "mode": "destroy",
    "subscription-id": GUID,
    "tenant-id": GUID,
    "client-id": GUID,
    "resource-group": "rg-churn",
    "app-name": "churn",
}


def removal(folder: Path, **inputs: str) -> RemovalSpec:
    """The removal that the inputs ask for; `storage_account` is the input `storage-account`."""
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    spec = read_any({**NAMES, **given}, workspace=folder)
    assert isinstance(spec, RemovalSpec)
    return spec


def target(folder: Path, **inputs: str) -> DeploymentSpec:
    """The deployment of the same names."""
    (folder / "score.py").touch()
    given = {name.replace("_", "-"): value for name, value in inputs.items()}
    made = {"mode": "deploy", "location": "westeurope", "registry": "contoso", "model-path": "[]"}
    spec = read_any({**NAMES, **made, "entry-script": "score.py", **given}, workspace=folder)
    assert isinstance(spec, DeploymentSpec)
    return spec


def accounts(spec: RemovalSpec) -> tuple[str, str | None]:
    """The host storage account's name, and that of a blob trigger."""
    return spec.resources.storage_account, spec.resources.data_storage_account


class TestNames:
    def test_are_those_of_the_deployment(self, tmp_path: Path) -> None:
        """Derived names are derived alike, whatever the trigger was."""
        spec = removal(tmp_path)
        blob = target(tmp_path, trigger="blob", input_path="inbox/{name}").target
        queue = target(tmp_path, trigger="service-bus-queue", input_queue_name="in").target

        assert blob
        assert queue
        assert (blob.resources.plan, blob.resources.identity) == (spec.resources.plan, spec.resources.identity)
        assert (blob.resources.storage_account, blob.resources.data_storage_account) == accounts(spec)
        assert queue.resources.service_bus_namespace == spec.resources.service_bus_namespace

    def test_tell_what_has_roles_in_another_subscription(self, tmp_path: Path) -> None:
        """Registry and component by their ids. Any other form of `registry` is not read."""
        hub = f"/subscriptions/{OTHER}/resourceGroups/hub-rg/providers"
        registry = f"{hub}/Microsoft.ContainerRegistry/registries/contoso"
        component = f"{hub}/Microsoft.Insights/components/insights"
        spec = removal(tmp_path, registry=registry, application_insights=component)

        assert (registry, component) == spec.elsewhere
        assert () == removal(tmp_path, registry="not a registry at all", application_insights="insights").elsewhere
        assert () == removal(tmp_path, registry=registry.replace(OTHER, GUID.upper())).elsewhere

    def test_of_telemetry_are_those_of_the_deployment(self, tmp_path: Path) -> None:
        """A component has the name that it was given, and a workspace is looked for though none is named any more."""
        given = target(tmp_path, application_insights="churn-insights").target
        spec, without = removal(tmp_path, application_insights="churn-insights"), removal(tmp_path)

        assert given
        assert (given.resources.application_insights, given.resources.log_analytics_workspace) == (
            spec.resources.application_insights,
            spec.resources.log_analytics_workspace,
        )
        assert without.resources.application_insights is None
        assert spec.resources.log_analytics_workspace == without.resources.log_analytics_workspace

    def test_that_are_given_win(self, tmp_path: Path) -> None:
        """No trigger need be named beside them."""
        spec = removal(tmp_path, storage_account="one", data_storage_account="one", service_bus_namespace="orders-bus")

        assert (("one", "one"), "orders-bus") == (accounts(spec), spec.resources.service_bus_namespace)

    def test_in_another_group_are_told_apart(self, tmp_path: Path) -> None:
        """They are shown, and never removed."""
        spec = removal(tmp_path, plan_name="shared/theirs", storage_account="other/one")

        assert {"plan-name": "shared", "storage-account": "other"} == spec.resources.other_groups
        assert ("theirs", "one") == (spec.resources.plan, spec.resources.storage_account)


class TestASlot:
    @pytest.mark.parametrize(
        ("given", "subject", "words"),
        [
            ({"slot-name": "pr-12", "swap": "true"}, "swap", "swaps nothing"),
            ({"swap": "true"}, "swap", "swaps nothing"),
            ({"slot-name": "production"}, "slot-name", "is the app itself"),
            ({"slot-name": "pr-12", "destroy-data": "true"}, "destroy-data", "a slot has no own data"),
        ],
    )
    def test_beside_what_cannot_be_meant_is_refused(
        self, tmp_path: Path, given: dict[str, str], subject: str, words: str
    ) -> None:
        """Nothing that says what is to be removed is passed over in silence."""
        with pytest.raises(InputsInvalid) as caught:
            read_any({**NAMES, **given}, workspace=tmp_path)

        assert [subject] == [problem.subject for problem in caught.value.problems]
        assert words in str(caught.value)


class TestModes:
    def test_take_the_inputs_of_a_deployment_too(self, tmp_path: Path) -> None:
        """A workflow has one set of inputs: what makes the image is not even looked at."""
        spec = read_any({**DEPLOY, "mode": "plan-destroy"}, workspace=tmp_path)

        assert isinstance(spec, RemovalSpec)
        assert Mode.PLAN_DESTROY is spec.mode

    @pytest.mark.parametrize(("text", "with_data"), [("", False), ("false", False), ("true", True)])
    def test_leave_data_unless_told(self, tmp_path: Path, text: str, with_data: bool) -> None:
        """`destroy-data`."""
        assert with_data == removal(tmp_path, destroy_data=text).with_data

    def test_tell_everything_that_is_missing(self, tmp_path: Path) -> None:
        """The login and the names, each by name; and what is given and wrong."""
        with pytest.raises(InputsInvalid) as caught:
            read_any({"mode": "destroy", "plan-name": "a b", "destroy-data": "perhaps"}, workspace=tmp_path)

        assert {
            *("tenant-id", "client-id", "subscription-id", "resource-group", "app-name"),
            *("plan-name", "destroy-data"),
        } == {problem.subject for problem in caught.value.problems}

    @pytest.mark.parametrize("command", ["destroy", "plan-destroy"])
    def test_take_every_flag_of_a_deployment(self, command: str) -> None:
        """Whoever removes what a command line has deployed changes its first word alone."""
        flags = [word for spec in CATALOGUE if not spec.secret for word in (f"--{spec.name}", "x")]
        flags = flags[: flags.index("--mode")] + flags[flags.index("--mode") + 2 :]

        assert "x" == from_arguments(flags, command=command)["model-path"]

    def test_offer_their_own_options_alone(self) -> None:
        """`functions-model destroy --help` lists nothing that a removal does not read."""
        removing, making = (arguments_parser(command).format_help() for command in ("destroy", "deploy"))

        assert ("--destroy-data" in removing, "--model-path" in removing) == (True, False)
        assert "--model-path" in making
