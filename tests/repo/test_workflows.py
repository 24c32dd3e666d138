"""Our own workflows: least rights, pinned actions, nothing that can hang for hours."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
RELEASE = ROOT / ".github" / "workflows" / "release.yml"
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def _read(path: Path) -> dict[Any, Any]:
    workflow: dict[Any, Any] = yaml.safe_load(path.read_text())
    return workflow


def _jobs(path: Path) -> dict[str, Any]:
    """Those with steps of their own; others call a workflow, which has these."""
    return {name: job for name, job in _read(path)["jobs"].items() if "uses" not in job}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
class TestWorkflow:
    """What holds for each of them."""

    def test_rights(self, path: Path) -> None:
        """A workflow has no rights of its own; each job names those that it needs."""
        workflow = _read(path)

        assert {} == workflow["permissions"]
        assert [] == [name for name, job in workflow["jobs"].items() if "permissions" not in job]

    def test_time_limit(self, path: Path) -> None:
        """Every job ends within an hour."""
        jobs = _jobs(path)

        assert [] == [name for name, job in jobs.items() if not 0 < job.get("timeout-minutes", 0) <= 60]

    def test_pinned(self, path: Path) -> None:
        """Every action of others is pinned by a full commit, with its version beside it."""
        uses = re.findall(r"uses: *(.*)", path.read_text())

        loose = [text for text in uses if not re.fullmatch(r"\./.*|[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", text)]
        assert [] == loose

    def test_no_expression_in_a_script(self, path: Path) -> None:
        """No expression is pasted into a shell script, where its value could be code."""
        jobs = _jobs(path)

        scripts = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
        assert [] == [script for script in scripts if "${{" in script]


class TestRelease:
    """The release rewrites one line of action.yml."""

    def test_line(self) -> None:
        """The line that the release workflow replaces is in action.yml exactly once."""
        lines = (ROOT / "action.yml").read_text().splitlines()

        assert 1 == lines.count("  image: Dockerfile")

    def test_its_order(self) -> None:
        """Nothing is tagged before everything was checked and the candidate has run; then a person says yes, once."""
        jobs = _read(RELEASE)["jobs"]

        assert {"plan", "check", "wheel", "candidate", "try"} == set(jobs["release"]["needs"])
        assert ("./.github/workflows/check.yml", "./.github/workflows/e2e.yml") == (
            jobs["check"]["uses"].split()[0],
            jobs["try"]["uses"].split()[0],
        )
        assert {"release": "release", "pypi": "pypi"} == {
            name: job["environment"] for name, job in jobs.items() if "environment" in job
        }
        steps = [step["run"] for step in jobs["release"]["steps"] if step.get("run", "").startswith(".ci/release")]
        assert [".ci/release bills", ".ci/release publish", ".ci/release major"] == steps

    def test_both_platforms_are_built(self) -> None:
        """On runners of their own, so that nothing is emulated; what is joined is what they push."""
        include = _read(RELEASE)["jobs"]["build"]["strategy"]["matrix"]["include"]
        runners = {entry["architecture"]: entry["runner"] for entry in include}

        assert {"amd64": "ubuntu-24.04", "arm64": "ubuntu-24.04-arm"} == runners
        assert f'ARCHITECTURES="{" ".join(runners)}"' in (ROOT / ".ci" / "release").read_text()

    def test_attestations(self) -> None:
        """One says how the image was made, one for each platform what is in it: all of the digest that users pin."""
        jobs = _read(RELEASE)["jobs"]
        built = [one["architecture"] for one in jobs["build"]["strategy"]["matrix"]["include"]]
        steps = [step for step in jobs["release"]["steps"] if step.get("uses", "").startswith("actions/attest@")]
        given = [step["with"] for step in steps]

        assert [None, *(f"${{{{ runner.temp }}}}/{name}.json" for name in built)] == [
            one.get("sbom-path") for one in given
        ]
        assert {("${{ needs.candidate.outputs.digest }}", True)} == {
            (one["subject-digest"], one["push-to-registry"]) for one in given
        }

    def test_the_bill_is_where_the_image_has_it(self) -> None:
        """The Dockerfile writes the document that the release takes out."""
        dockerfile, script = (ROOT / "Dockerfile").read_text(), (ROOT / ".ci" / "release").read_text()

        assert "cd /opt/functions-model" in dockerfile
        assert ">bill-of-materials.json" in dockerfile
        assert "$container:/opt/functions-model/bill-of-materials.json" in script


class TestAutomation:
    """Dependabot and the CI script."""

    def test_dependabot_waits(self) -> None:
        """New versions are taken a week late, when most bad releases have been withdrawn."""
        updates = _read(ROOT / ".github" / "dependabot.yml")["updates"]

        assert [] == [update["package-ecosystem"] for update in updates if update["cooldown"]["default-days"] < 7]

    @pytest.mark.parametrize("name", ["run", "release", "e2e"])
    def test_ci_scripts(self, name: str) -> None:
        """They can be started, and stop at the first error."""
        script = ROOT / ".ci" / name

        assert script.stat().st_mode & 0o111
        assert "set -euo pipefail" in script.read_text()

    def test_makefile_lists_its_doors(self) -> None:
        """`make` alone lists every door that there is."""
        text = (ROOT / "Makefile").read_text()

        doors = set(re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)[1].split()) - {"help"}  # type: ignore[index]
        assert doors == set(re.findall(r"@echo 'make (\w+) ", text))
