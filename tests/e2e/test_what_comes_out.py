"""What a run gives back: outputs that reach other jobs, files in `report-directory`, and all there is to know."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import TYPE_CHECKING

import pytest

from functions_model.core.report_names import MARKER
from support.deployer import Deployer
from support.leaks import leaks
from support.live_sites import callers_keys
from support.runner_masker import RunnerMasker

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run

pytestmark = pytest.mark.exhaustive

IDS = ("subscription-id", "tenant-id", "client-id")

REQUEST = re.compile(r"([A-Z]+) (\S+) (\d{3}), \d+ ms(?:, (correlation id|request id) \S+)?")
"""What debug logging tells of a request."""


@pytest.fixture(scope="module")
def deployer(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Deployer:
    """One app for the tests of this module, with a setting that is a secret, in a job with debug logging."""
    made = Deployer(sandbox, tmp_path_factory.mktemp("echo"), "echo-out")
    made.environ["RUNNER_DEBUG"] = "1"
    # Other tests of the same sandbox have sent the same image: here all of it must be sent.
    made.inputs |= {"image-name": "echo-out", "cache-repository": "echo-out-cache"}
    return made


@pytest.fixture(scope="module")
def planned(deployer: Deployer) -> Run:
    """A plan with its files in `out/plan`."""
    run = deployer.run(mode="plan", report_directory="out/plan", app_settings="API_KEY=hunter22-hunter22")
    assert run.code == 0, run.log
    return run


@pytest.fixture(scope="module")
def deployed(deployer: Deployer, planned: Run) -> Run:
    """The deployment that was planned, with its files in `out/deploy`."""
    run = deployer.run(report_directory="out/deploy", app_settings="API_KEY=hunter22-hunter22")
    assert run.code == 0, run.log
    return run


def files(folder: Path) -> dict[str, str]:
    """The texts of a report, by name."""
    return {path.name: path.read_text() for path in folder.iterdir() if path.name != MARKER}


def private(deployer: Deployer) -> set[str]:
    """What nobody may read in a file: secrets, and ids that many keep as such."""
    ends = deployer.sandbox.endpoints
    return {*(ends.inputs()[name] for name in IDS), "hunter22-hunter22", ends.oidc_request_token}


def leaking(folder: Path, secrets: set[str]) -> dict[str, list[str]]:
    """The files of a folder in which there is a secret, in whatever case, or what looks like one."""
    found = {path.name: leaks(path.read_bytes(), secrets) for path in folder.iterdir()}
    lower = {path.name: leaks(path.read_bytes().lower(), secrets, shapes=False) for path in folder.iterdir()}
    return {name: hits + lower[name] for name, hits in found.items() if hits + lower[name]}


class TestMasker:
    """`RunnerMasker`, which what follows rests on."""

    @pytest.mark.parametrize(
        ("secret", "output", "dropped"),
        [
            ("hunter22", "it is hunter22", True),
            ("hunter22", "it is Hunter22", False),
            ("hunter22", base64.b64encode(b"hunter22").decode(), True),
            ("hunter22", base64.b64encode(b"x:hunter22").decode(), True),
            ("a b", "https://x.test/a%20b", True),
            ('say "x"', '{"a": "say \\"x\\""}', True),
            ("a<b", "<b>a&lt;b</b>", True),
            ("first&second", "first&", True),
            ("first&second", "second", True),
            ("one\n  two  \n", "two", True),
            ('{\n "clientId": "x"\n}', '{"changes": []}', True),
            ("hunter22", "", False),
        ],
    )
    def test_drops_what_holds_a_masked_text(self, secret: str, output: str, dropped: bool) -> None:
        """In whatever form the runner looks for it, and each line of it by itself."""
        kept, warnings = RunnerMasker([secret]).job_outputs({"x": output})

        assert ["Skip output 'x' since it may contain secret."] * dropped == warnings
        assert ("x" in kept) is bool(output and not dropped)


class TestPlan:
    """`mode: plan`."""

    def test_reaches_the_next_job_where_ids_are_secrets(self, planned: Run, deployer: Deployer) -> None:
        """GitHub drops a job output that holds one. Those that this action masks itself are secrets, too."""
        masker = RunnerMasker([deployer.sandbox.endpoints.inputs()[name] for name in IDS])
        for value in planned.masked:
            masker.add(value)

        kept, warnings = masker.job_outputs(planned.outputs)

        assert [] == warnings
        assert {"plan", "has-changes", "changed", "image", "image-repository", "digest", "lock"} <= set(kept)

    def test_leaves_files(self, planned: Run, deployer: Deployer) -> None:
        """Its own, as the outputs say it: of an image that a deployment would push."""
        left, outputs = files(deployer.folder / "out/plan"), planned.outputs

        assert {"plan.json", "plan.md", "requirements.lock", "sbom.json", "image.txt", "log.txt"} == set(left)
        assert json.loads(outputs["plan"]) == json.loads(left["plan.json"])
        assert (f"{outputs['image']}\n", outputs["lock"]) == (left["image.txt"], left["requirements.lock"])
        assert left["plan.md"].startswith("### Plan\n")
        assert "== Check\n" in left["log.txt"]

    def test_leaves_nothing_secret(self, planned: Run, deployer: Deployer) -> None:
        """No file holds a masked value, or an id that people keep as a secret."""
        assert {} == leaking(deployer.folder / "out/plan", {*planned.masked, *private(deployer)})


class TestFailure:
    """A run that fails."""

    def test_leaves_what_was_known(self, deployer: Deployer) -> None:
        """The log says why, and there is no plan of an earlier run."""
        (deployer.folder / "out/failed").mkdir(parents=True)
        (deployer.folder / "out/failed/plan.json").write_text("{}")
        (deployer.folder / "out/failed/mine.txt").touch()
        (deployer.folder / "out/failed" / MARKER).touch()

        run = deployer.run(mode="plan", report_directory="out/failed", registry="nosuchregistry")

        left = files(deployer.folder / "out/failed")
        assert 6 == run.code, run.log
        assert {"log.txt", "mine.txt"} == set(left)
        assert "error: " in left["log.txt"]


class TestDeployment:
    """`mode: deploy`, after its plan."""

    def test_is_of_the_image_that_was_planned(self, planned: Run, deployed: Run, deployer: Deployer) -> None:
        """The files about the plan, in the repository, are no part of it."""
        left = files(deployer.folder / "out/deploy")

        assert planned.outputs["digest"] == deployed.outputs["digest"]
        assert f"{deployed.outputs['image']}\n" == left["image.txt"]
        assert re.search(r"\| function app echo-out \|.*\| created in .* s \|", left["plan.md"])

    def test_leaves_the_bill_of_materials_that_is_attached(self, deployed: Run, deployer: Deployer) -> None:
        """To the byte."""
        digest = hashlib.sha256((deployer.folder / "out/deploy/sbom.json").read_bytes()).hexdigest()

        assert digest[:12] in deployed.log

    def test_leaves_nothing_secret(self, deployed: Run, deployer: Deployer) -> None:
        """Nor a key of the app's, though each request is in the log."""
        keys = callers_keys(deployer.sandbox, deployer.group, deployer.app).values()

        assert {} == leaking(deployer.folder / "out/deploy", {*deployed.masked, *private(deployer), *keys})

    def test_tells_each_request_where_people_have_asked(self, deployed: Run, deployer: Deployer) -> None:
        """With method, address, status and time, and with the id that support asks for, where the service gives one."""
        ends, app = deployer.sandbox.endpoints, deployed.outputs["app-url"].removeprefix("https://")
        told = {
            f"{found[1]} {found[2]} {found[3]}": found[4]
            for line in deployed.log.splitlines()
            if (found := REQUEST.fullmatch(line))
        }
        azure = ends.authority.removeprefix("https://")
        group = f"{azure}/subscriptions/{ends.subscription_id}/resourcegroups/echo-out-group"

        expected = {
            f"GET {azure}/github/run/idtoken 200": None,
            f"POST {azure}/{ends.tenant_id}/oauth2/v2.0/token 200": "request id",
            f"PUT {group} 201": "correlation id",
            f"POST {ends.registry}/oauth2/exchange 200": "correlation id",
            f"PUT {ends.registry}/v2/echo-out/manifests/{deployed.outputs['image-tag']} 201": "correlation id",
            f"GET {app}/admin/host/status 200": None,
            f"POST {app}/api/score 200": "request id",
        }
        assert expected == {name: told.get(name, "not told") for name in expected}

    def test_tells_how_packages_are_resolved(self, deployed: Run) -> None:
        """The line that one could try by hand, with what steers it."""
        assert re.search(r"^(\S+=\S+ )*uv pip compile ", deployed.log, re.MULTILINE)

    def test_tells_no_query(self, deployed: Run) -> None:
        """It may hold a key or a signature."""
        assert [] == [line for line in deployed.log.splitlines() if re.match(r"[A-Z]+ \S*\?", line)]


class TestRemoval:
    """`mode: plan-destroy` and `mode: destroy`, which need nothing of the project."""

    def test_leaves_its_plan(self, deployed: Run, deployer: Deployer) -> None:
        """What would go, then what went; nothing of an image."""
        runs = [deployer.run(mode=mode, report_directory=f"out/{mode}") for mode in ("plan-destroy", "destroy")]

        left = [files(deployer.folder / "out" / mode) for mode in ("plan-destroy", "destroy")]
        assert [0, 0] == [run.code for run in runs]
        assert [{"plan.json", "plan.md", "log.txt"}] * 2 == [set(one) for one in left]
        assert [False, True] == ["| removed in " in one["plan.md"] for one in left]
        assert [json.loads(run.outputs["plan"]) for run in runs] == [json.loads(one["plan.json"]) for one in left]
