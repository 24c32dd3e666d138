"""`collect` and its neighbours, and `data_collector` of a deployment file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.core.collect import Collect
from functions_model.inputs.reading import read_inputs
from support.inputs import DEPLOY, HEAD, PACKAGE, problems, told

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from functions_model.core.spec import Target

    Write = Callable[[str], dict[str, str]]

BLOB = {"trigger": "blob", "input-path": "input/{name}"}
EXAMPLE = """\
name: blue
endpoint_name: my_endpoint
data_collector:
  collections:
    request:
      enabled: 'True'
    Response:
      enabled: true
    model_inputs:
      enabled: "true"
      data:
        name: my_model_inputs_data_asset
        path: azureml://datastores/workspaceblobstore/paths/modelDataCollector/my_endpoint/blue/model_inputs
        version: 1
    model_outputs:
      enabled: 'False'
  rolling_rate: Hour
  sampling_rate: 0.25
"""
"""In the shape of Azure/azureml-examples, cli/endpoints/online/data-collector."""


def target(workspace: Path, **given: str) -> Target:
    values = {**DEPLOY, **{name.replace("_", "-"): text for name, text in given.items()}}
    found = read_inputs(values, workspace=workspace).target
    assert found is not None
    return found


class TestInputs:
    """What the inputs alone say."""

    def test_nothing_is_collected_by_itself(self, workspace: Path) -> None:
        """Nor is an account named."""
        found = target(workspace)

        assert (None, None) == (found.collect, found.resources.collect_storage_account)

    @pytest.mark.parametrize(
        ("text", "collections"),
        [
            ("inputs, outputs", {"request", "response"}),
            ("script", {"*"}),
            ("Outputs\nscript,", {"response", "*"}),
        ],
    )
    def test_what(self, text: str, collections: set[str], workspace: Path) -> None:
        """All of it, into the host's account, below the app's name."""
        found = target(workspace, collect=text)

        assert Collect(dict.fromkeys(collections, 1.0), "modeldatacollector", "Churn-Scorer") == found.collect
        assert found.resources.storage_account == found.resources.collect_storage_account
        assert found.collect is not None
        assert "modelDataCollector/Churn-Scorer/default" == found.collect.folder

    def test_where_and_how_much(self, workspace: Path) -> None:
        """As given; an account may be in another group."""
        given = {"collect_sample_rate": "0.1", "collect_container": "seen", "collect_storage_account": "shared/mine01"}

        found = target(workspace, collect="inputs", **given)

        assert found.collect == Collect({"request": 0.1}, "seen", "Churn-Scorer")
        assert ("mine01", "mine01") == (found.resources.collect_storage_account, found.resources.collecting_alone)
        assert {"collect-storage-account": "shared"} == found.resources.other_groups

    def test_data_goes_where_data_is(self, workspace: Path) -> None:
        """With a blob trigger into that account, which the identity owns already."""
        found = target(
            workspace,
            collect="inputs",
            data_storage_account="mine01",
            **{name.replace("-", "_"): text for name, text in BLOB.items()},
        )

        assert ("mine01", "") == (found.resources.collect_storage_account, found.resources.collecting_alone)

    @pytest.mark.parametrize(
        ("given", "subject", "words"),
        [
            ({"collect": "inputs, all"}, "collect", "`all` is nothing that can be collected"),
            ({"collect": "inputs", "collect-sample-rate": "10%"}, "collect-sample-rate", "is not a sample rate"),
            ({"collect": "inputs", "collect-sample-rate": "0"}, "collect-sample-rate", "is not a sample rate"),
            ({"collect": "inputs", "collect-sample-rate": "1.5"}, "collect-sample-rate", "is not a sample rate"),
            ({"collect": "inputs", "collect-container": "Seen"}, "collect-container", "is not a blob container's name"),
            ({"collect-container": "seen"}, "collect-container", "it is set, and nothing is collected"),
            ({"collect-storage-account": "mine01"}, "collect-storage-account", "it is set, and nothing is collected"),
            (
                {"collect": "inputs", "storage-account": "a/mine01", "collect-storage-account": "b/mine01"},
                "collect-storage-account",
                "`mine01` is also the `storage-account`, in another resource group",
            ),
        ],
    )
    def test_refuses(self, given: dict[str, str], subject: str, words: str, workspace: Path) -> None:
        """With the input, and once."""
        found = problems({**DEPLOY, **given}, workspace)

        assert [subject] == list(found)
        assert words in found[subject]

    def test_an_image_alone_has_no_say(self, workspace: Path) -> None:
        """What is collected is a matter of the app: `package` ignores it, as all that is."""
        assert read_inputs({**PACKAGE, "collect": "nonsense"}, workspace=workspace).target is None


class TestDeploymentFile:
    """`data_collector`."""

    def test_azure_mls_example(self, write: Write, workspace: Path) -> None:
        """What is enabled is collected, at its rate, in the folders that Azure ML has for it."""
        spec = read_inputs(write(HEAD + EXAMPLE), workspace=workspace)

        assert spec.target is not None
        assert spec.target.collect == Collect(
            {"request": 0.25, "response": 0.25, "model_inputs": 0.25}, "modeldatacollector", "my_endpoint", "blue"
        )
        assert ["data_collector.collections.model_inputs.data"] == [note.split("`")[1] for note in spec.notes]

    def test_a_collection_may_have_a_rate_of_its_own(self, write: Write, workspace: Path) -> None:
        """As Resource Manager keeps it; the others have that of all."""
        text = "{collections: {a: {enabled: true, sampling_rate: 1}, b: {enabled: true}}, sampling_rate: 0.5}"

        target = read_inputs(write(f"{HEAD}data_collector: {text}\n"), workspace=workspace).target

        assert target is not None
        assert target.collect is not None
        assert {"a": 1.0, "b": 0.5} == target.collect.rates

    def test_inputs_win(self, write: Write, workspace: Path) -> None:
        """One by one."""
        values = {**write(HEAD + EXAMPLE), "collect": "outputs", "collect-container": "seen"}
        whole = read_inputs(values, workspace=workspace).target
        rate = read_inputs({**write(HEAD + EXAMPLE), "collect-sample-rate": "0.5"}, workspace=workspace).target

        assert whole is not None
        assert rate is not None
        assert whole.collect == Collect({"response": 1.0}, "seen", "my_endpoint", "blue")
        assert rate.collect is not None
        assert {"request": 0.5, "response": 0.5, "model_inputs": 0.5} == rate.collect.rates

    @pytest.mark.parametrize(
        "text",
        [
            "{}",
            "",
            "{collections: {model_inputs: {enabled: false}}}",
            "{sampling_rate: 0, collections: {a: {enabled: true}}}",
        ],
    )
    def test_nothing_enabled(self, text: str, write: Write, workspace: Path) -> None:
        """Nothing is collected."""
        spec = read_inputs(write(f"{HEAD}data_collector: {text}\n"), workspace=workspace)

        assert spec.target is not None
        assert spec.target.collect is None

    def test_what_is_not_used_has_a_note(self, write: Write, workspace: Path) -> None:
        """Headers, clients, and folders that no monitor reads."""
        more = "request_logging: {capture_headers: [a]}, rolling_rate: day"
        text = f"{{collections: {{a: {{enabled: true, client_id: x}}}}, {more}}}"

        spec = read_inputs(write(f"{HEAD}data_collector: {text}\n"), workspace=workspace)

        assert spec.target is not None
        assert spec.target.collect is not None
        assert ("day", "Churn-Scorer") == (spec.target.collect.rolling, spec.target.collect.endpoint)
        assert {"headers", "writes as its own identity", "folders of hours"} == {
            word for word in ("headers", "writes as its own identity", "folders of hours") if word in str(spec.notes)
        }

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("[a]", "3 `data_collector` is not a mapping"),
            ("{collections: [a]}", "3 `collections` is not a mapping"),
            ("{collections: {a: true}}", "3 the collection `a` is not a mapping"),
            ("{collections: {a/b: {enabled: true}}}", "3 `a/b` is not a collection's name"),
            ("{collections: {a: {enabled: true}}, sampling_rate: 2}", "3 `2` is not a sample rate"),
            ("{collections: {a: {enabled: true}}, rolling_rate: year}", "3 `year` is no rolling rate"),
            ("{colections: {}}", "3 there is no key `colections` in `data_collector`"),
        ],
    )
    def test_refuses(self, text: str, words: str, write: Write, workspace: Path) -> None:
        """With its line."""
        found = told(write(f"{HEAD}data_collector: {text}\n"), workspace)

        assert [True] == [words in problem for problem in found], found
