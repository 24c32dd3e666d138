"""How a live function is used, by trigger."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from functions_model.core.secrets import Login
from functions_model.core.spec import AuthLevel, BlobTrigger, HttpTrigger, ServiceBusQueueTrigger
from functions_model.pipeline.events import AppVerified
from functions_model.report.calling import blob_example, how_to_call
from functions_model.report.outputs import outputs
from functions_model.report.page import summary
from support.events import deployment
from support.wanted import TARGET, spec_for

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.core.spec import DeploymentSpec, Trigger
    from functions_model.verify import Verified

BLOB = BlobTrigger("input/{name}.{ext}", "output/{name}_out.json")
LOGIN = Login("tenant", "client", None, "audience", "AzureCloud")
QUEUE = ServiceBusQueueTrigger("requests", "answers")


def verified(folder: Path) -> Verified:
    """A live app."""
    [event] = [event for event in deployment(folder) if isinstance(event, AppVerified)]
    return event.verified


def spec_with(trigger: Trigger, sample: str | None = None) -> DeploymentSpec:
    """A deployment with that trigger."""
    spec = spec_for(data_storage_account="irisdata", service_bus_namespace="iris-bus")
    return replace(spec, trigger=trigger, sample_request=spec.workspace / sample if sample else None)


def joined(lines: list[str]) -> list[str]:
    """The commands, each on one line, as a shell reads them."""
    return re.sub(r" \\\n +", " ", "\n".join(lines)).splitlines()


class TestHowToCall:
    """`how_to_call`."""

    @pytest.mark.parametrize(
        ("level", "query"), [(AuthLevel.FUNCTION, "functionKeys.default"), (AuthLevel.ADMIN, "masterKey")]
    )
    def test_http_asks_for_the_key_that_opens_the_function(self, tmp_path: Path, level: AuthLevel, query: str) -> None:
        """The key itself is never written."""
        lines = how_to_call(spec_with(HttpTrigger(level), "cat.png"), TARGET, verified(tmp_path))

        asked, curl, _ = joined(lines)
        assert f"--query {query}" in asked
        assert '-H "x-functions-key: $KEY" -H "Content-Type: image/png" --data-binary @cat.png' in curl

    def test_a_slot_has_keys_of_its_own(self, tmp_path: Path) -> None:
        """The key is asked of the slot."""
        lines = how_to_call(spec_with(HttpTrigger(), "cat.png"), TARGET, verified(tmp_path), "staging")

        assert "--name iris --slot staging --query functionKeys.default" in joined(lines)[0]

    @pytest.mark.parametrize("trigger", [BLOB, QUEUE])
    def test_the_trigger_of_a_slot_is_off(self, tmp_path: Path, trigger: Trigger) -> None:
        """So its check function is shown, which scores all the same."""
        lines = how_to_call(spec_with(trigger, "cat.png"), TARGET, verified(tmp_path), "staging")

        off, asked, curl, _ = joined(lines)
        assert off.startswith("# The trigger is off in the slot, and on in the app.")
        assert "--slot staging --query masterKey" in asked
        assert curl.startswith("curl")

    def test_blob_shows_where_to_put_it_and_where_to_look(self, tmp_path: Path) -> None:
        """With the names that the deployment made."""
        spec = spec_with(BLOB, "cat.png")
        assert spec.target

        lines = how_to_call(spec, spec.target, verified(tmp_path))

        upload, look = joined(lines)
        assert "--account-name irisdata --container-name input --name sample.png --file cat.png" in upload
        assert "--container-name output" in look

    @pytest.mark.parametrize(
        ("cloud", "host"), [("AzureCloud", "windows.net"), ("AzureChinaCloud", "chinacloudapi.cn")]
    )
    def test_queue_shows_a_program_that_runs_as_it_stands(self, tmp_path: Path, cloud: str, host: str) -> None:
        """No command of `az` sends a message; the host follows the cloud."""
        spec = spec_with(QUEUE)
        assert spec.target
        login = replace(LOGIN, cloud=cloud)

        lines = how_to_call(replace(spec, login=login), spec.target, verified(tmp_path))

        program = "\n".join(lines[2:-2])
        compile(program, "program", "exec")
        assert f'ServiceBusClient("iris-bus.servicebus.{host}"' in program
        assert '"requests"' in program
        assert "# The answer arrives in the queue answers." == lines[-1]


class TestBlobExample:
    """`blob_example`."""

    @pytest.mark.parametrize(
        ("path", "sample", "name"),
        [
            ("input/{blobname}.json", "x.json", ("input", "sample.json")),
            ("input/{name}.{ext}", "x.png", ("input", "sample.png")),
            ("%C%/{{a}}-{name}", "x", ("%C%", "{a}-sample")),
            ("out/{name}-{rand-guid}", "x", ("out", "sample-{rand-guid}")),
        ],
    )
    def test_fits_the_pattern(self, path: str, sample: str, name: tuple[str, str]) -> None:
        """Parameters become names, doubled braces become braces."""
        assert blob_example(path, sample) == name


class TestOutputs:
    """What later steps read."""

    @pytest.mark.parametrize("trigger", [BLOB, QUEUE])
    def test_no_scoring_url_without_an_http_trigger(self, tmp_path: Path, trigger: Trigger) -> None:
        """Nobody is meant to call the check function."""
        found = outputs(spec_with(trigger), deployment(tmp_path))

        assert "scoring-url" not in found
        assert found["app-url"] == "https://iris.azurewebsites.net"

    def test_notes_are_on_the_page(self, tmp_path: Path) -> None:
        """What a deployment file said in vain is told."""
        spec = replace(spec_for(), notes=("`instance_type` means nothing here.",))

        assert "- `instance_type` means nothing here." in summary(spec, deployment(tmp_path), None, 1.0)
