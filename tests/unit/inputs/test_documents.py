"""The catalogue and the documents made from it."""

from __future__ import annotations

import re

import pytest
import yaml

from functions_model.inputs.catalogue import CATALOGUE, OUTPUTS
from functions_model.inputs.specs import Group, InputKind, InputSpec
from support.catalogue_documents import inputs_table, outputs_table, render_action_yaml

ISSUE_INPUTS = {
    "tags",
    "model-path",
    "model-name",
    "model-version",
    "entry-script",
    "source-directory",
    "import-roots",
    "preflight",
    "environment-file",
    "python-version",
    "base-image",
    "trigger",
    "route-prefix",
    "auth-level",
    "image",
    "image-username",
    "image-password",
    "image-name",
    "keep-images",
    "image-tag",
    "registry",
    "subscription-id",
    "tenant-id",
    "client-id",
    "client-secret",
    "audience",
    "cloud",
    "resource-group",
    "location",
    "app-name",
    "plan-name",
    "plan-sku",
    "storage-account",
    "app-settings",
    "access",
    "identity-name",
    "plan-min-instances",
    "plan-max-instances",
    "application-insights",
    "log-analytics-workspace",
    "slot-name",
    "swap",
    "mode",
    "sample-request",
    "verify-timeout",
    "verify-trigger",
    "destroy-data",
    "deployment-file",
    "working-directory",
    "report-directory",
    "inputs-file",
    "login",
    "host-json",
    "concurrency",
    "input-path",
    "output-path",
    "data-storage-account",
    "collect",
    "collect-sample-rate",
    "collect-storage-account",
    "collect-container",
    "input-queue-name",
    "output-queue-name",
    "service-bus-namespace",
    "service-bus-sku",
    "workspace",
    "workspace-resource-group",
    "builder",
    "solver",
    "torch-backend",
    "apt-packages",
    "dockerfile",
    "build-context",
    "source-date-epoch",
    "image-labels",
    "model-compression",
    "cache-repository",
    "sbom",
    "credential-files",
}


class TestCatalogue:
    """`CATALOGUE`."""

    def test_holds_exactly_the_agreed_inputs(self) -> None:
        """No more, no less, none twice."""
        names = [spec.name for spec in CATALOGUE]

        assert set(names) == ISSUE_INPUTS
        assert len(names) == len(set(names))

    def test_secrets_are_refused_as_arguments(self) -> None:
        """Other inputs are public."""
        assert ["image-password", "app-settings", "client-secret"] == [spec.name for spec in CATALOGUE if spec.secret]

    @pytest.mark.parametrize("spec", CATALOGUE, ids=lambda spec: spec.name)
    def test_entry(self, spec: InputSpec) -> None:
        """Help is one line that ends with a full stop; a default, a derivation and a demand exclude each other."""
        assert re.fullmatch(r"[^\n]+\.", spec.help)
        assert sum([spec.default is not None, bool(spec.derived), spec.required]) <= 1
        assert bool(spec.choices) == (spec.kind is InputKind.CHOICE)
        assert spec.default is None or not spec.choices or spec.default in spec.choices


class TestAction:
    """`render_action_yaml`."""

    def test_holds_inputs_outputs_and_image(self) -> None:
        """What it says, read back, is the catalogue."""
        action = yaml.safe_load(render_action_yaml("docker://ghcr.io/contoso/action@sha256:1"))

        assert [spec.name for spec in CATALOGUE] == list(action["inputs"])
        assert [spec.name for spec in OUTPUTS] == list(action["outputs"])
        assert action["runs"] == {
            "using": "docker",
            "image": "docker://ghcr.io/contoso/action@sha256:1",
            "entrypoint": "/opt/functions-model/bin/action",
        }

    def test_no_input_is_needed_by_every_run(self) -> None:
        """A deployment file or an inputs file may say it."""
        inputs = yaml.safe_load(render_action_yaml("Dockerfile"))["inputs"]

        assert set() == {name for name, entry in inputs.items() if entry["required"]}


class TestTables:
    """The tables of the reference."""

    def test_a_row_for_each(self) -> None:
        """Every input and output has a row with as many cells as the head."""
        for text, names in ((inputs_table(), CATALOGUE), (outputs_table(), OUTPUTS)):
            head = next(line for line in text.splitlines() if line.startswith("| "))
            rows = [line for line in text.splitlines() if line.startswith("| `")]

            assert [f"`{spec.name}`" for spec in names] == [row.split(" | ")[0].removeprefix("| ") for row in rows]
            assert {head.count("|")} == {row.count("|") for row in rows}

    def test_groups(self) -> None:
        """Each input has a group, and those of one group stand together, under its heading."""
        groups = [spec.group for spec in CATALOGUE]

        assert [group for group in Group for spec in CATALOGUE if spec.group is group] == groups
        assert set(Group) == set(groups)
        assert [f"## {group.value}" for group in Group] == re.findall(r"^##.*", inputs_table(), re.MULTILINE)
