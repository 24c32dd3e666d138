"""A CI host that nobody has heard of: all that the product knows of one is what it says itself."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from functions_model.ci.host import Advice, Facts
from functions_model.cli.once import run_once
from functions_model.inputs import from_arguments, from_environment
from functions_model.inputs.sources import misspelt
from support.ci import RecordingCi
from support.inspecting import skopeo_inspect
from support.leaks import leaks
from support.project import write_echo_project
from support.sandbox_login import JobCi

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.exhaustive

ADVICE = Advice(
    identity="Ask the miller for a token.",
    subject="The miller names the wheel.",
    one_at_a_time="Turn one wheel at a time.",
)
SOURCE, COMMIT, RUN = "https://mill.test/grain/churn", "5eed", "https://mill.test/turns/7"
ASKED = re.compile(r"(GET|PUT|POST|HEAD) \S+/|UV_|uv pip ")
"""What only people see who have asked for all there is to know."""
NO_IDENTITY = "there is no `client-secret`, and this job has no identity token"


def of_the_mill(folder: Path, **inputs: str) -> Facts:
    """What the mill says of a turn; the keyword `app_name` is the input `app-name`."""
    given = {name.replace("_", "-"): text for name, text in inputs.items()}
    return Facts(
        workspace=folder,
        advice=ADVICE,
        host_workspaces=("/mill/floor",),
        source=SOURCE,
        revision=COMMIT,
        run_url=RUN,
        inputs=given,
        variable="HOPPER.{}",
    )


class TestInputs:
    """What a host hands to a step."""

    def test_win_over_our_own_variables(self, tmp_path: Path) -> None:
        """The command line has none of them."""
        facts = of_the_mill(tmp_path, app_name="mine", location="", trigger="http")
        own = {"FUNCTIONS_MODEL_APP_NAME": "other", "FUNCTIONS_MODEL_LOCATION": "westeurope"}

        assert {"app-name": "mine", "location": "westeurope", "trigger": "http"} == from_environment(own, facts)
        assert "other" == from_arguments([], own, command="plan")["app-name"]

    def test_that_are_none_of_ours_are_told_by_the_name_that_the_host_gives_them(self, tmp_path: Path) -> None:
        """People look for what they have written."""
        [note] = misspelt(of_the_mill(tmp_path, app_nam="mine"))

        assert "The variable `HOPPER.APP-NAM` names no input. Did you mean `app-name`?" == note


class TestAdvice:
    """What people are told to write into their pipelines."""

    def test_a_job_without_an_identity_is_told_what_the_host_says(self, tmp_path: Path) -> None:
        """Another host's permission would help nobody."""
        place = {
            "registry": "mill.azurecr.io",
            "app-name": "grain",
            "resource-group": "grain",
            "python-version": "3.11",
        }
        login = dict.fromkeys(("tenant-id", "client-id", "subscription-id"), "3f1b2c4d-0000-4000-8000-000000000001")
        host = RecordingCi(of_the_mill(tmp_path))

        ending = run_once({**write_echo_project(tmp_path), **place, **login, "location": "x"}, {}, host, tmp_path)

        assert [f"Could not log in to Azure: {NO_IDENTITY}. {ADVICE.identity}"] == host.annotations
        assert ending.code > 0


class TestDeployment:
    """A whole one, told to a host that a test made up."""

    @pytest.fixture
    def host(self, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> JobCi:
        """A turn of the mill, in this process; the sandbox's variables are for `requests`."""
        for name, text in sandbox.endpoints.environ().items():
            monkeypatch.setenv(name, text)
        inputs = write_echo_project(tmp_path)
        inputs["model-path"] = f"/mill/floor/{inputs['model-path']}"
        given = {**sandbox.endpoints.inputs(), **inputs, "app-name": "mill-app", "resource-group": "mill-group"}
        return JobCi(sandbox, of_the_mill(tmp_path, **given))

    @pytest.mark.needs("skopeo")
    def test_an_image_names_the_repository(self, sandbox: Sandbox, host: JobCi) -> None:
        """It is found in the folder that other steps name otherwise; outputs and the page go to the host."""
        values = from_environment({}, host.facts) | {"mode": "package"}

        ending = run_once(values, {}, host, host.facts.workspace)

        assert (0, []) == (ending.code, host.annotations), "\n".join(host.lines)
        labels = skopeo_inspect(sandbox, host.outputs["image"])["Labels"]
        assert SOURCE == labels["org.opencontainers.image.source"]
        assert COMMIT not in labels.values()
        assert [True] == ["is packaged" in page.splitlines()[0] for page in host.pages]

    def test_who_asks_for_all_there_is_to_know_sees_each_request(self, sandbox: Sandbox, host: JobCi) -> None:
        """To whomever, with uv's command line; and nobody else does: a log is for people."""
        own = {"mode": "plan", "app-name": "mill-asked", "image-name": "mill-asked"}
        values, environ = from_environment({}, host.facts) | own, sandbox.endpoints.environ()
        run_once(values, environ, host, host.facts.workspace)
        quiet = [line for line in host.lines if ASKED.match(line)]
        host.facts = replace(host.facts, debug=True)

        run_once(values, environ, host, host.facts.workspace)

        told = [line for line in host.lines if ASKED.match(line)]
        assert [] == quiet
        for path in (
            r"/subscriptions/.*/Microsoft.Web/sites/mill-asked 404, .* ms, correlation id ",
            r"/oauth2/v2\.0/token 200, ",
            r"/v2/mill-asked/manifests/\S+ 404, ",
            r"uv pip compile ",
        ):
            assert any(re.search(path, line) for line in told), (path, "\n".join(told))
        assert [] == leaks("\n".join(told).encode(), host.masked)

    def test_resources_name_the_commit_too(self, sandbox: Sandbox, host: JobCi) -> None:
        """The app is live, and its tags say what it was built from."""
        values, environ = from_environment({}, host.facts), sandbox.endpoints.environ()

        ending = run_once(values, environ, host, host.facts.workspace)

        assert (0, []) == (ending.code, host.annotations), "\n".join(host.lines)
        [site] = sandbox.arm.store.list(resource_type="Microsoft.Web/sites", group="mill-group")
        assert {"source-repository": SOURCE, "source-commit": COMMIT}.items() <= site.tags.items()
        assert ("live", "true") == (host.outputs["state"], host.outputs["changed"])
        assert [True] == [page.startswith("## `mill-app` is live") for page in host.pages]
