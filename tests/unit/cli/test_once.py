"""One run from the outside: exit codes, masking, and what is told."""

from __future__ import annotations

import io
import re
import signal
import socket
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from functions_model.ci.github import GitHubHost
from functions_model.ci.plain import PlainHost
from functions_model.cli import main
from functions_model.cli.masks import mask_settings
from functions_model.cli.once import run_once
from functions_model.core.secrets import Secret
from support.cancelling import GONE
from support.deployment import start_action
from support.wanted import TARGET, spec_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class BrokenHost(PlainHost):
    """A CI host with a bug in it."""

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Break on the pipeline's first group, not on the traceback's."""
        if title == "Check":
            message = "boom"
            raise ZeroDivisionError(message)
        with super().group(title):
            yield


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with what a run needs to get past its inputs."""
    (tmp_path / "score.py").write_text("def init():\n    pass\n\n\ndef run(data):\n    return data\n")
    (tmp_path / "weights.bin").write_bytes(b"1")
    return tmp_path


PACKAGE = {
    "mode": "package",
    "model-path": "weights.bin",
    "entry-script": "score.py",
    "registry": "localhost:1",
    "trigger": "http",
}


class TestRunOnce:
    """`run_once`."""

    def test_a_run_that_is_stopped_says_what_is_live(self, project: Path) -> None:
        """In the log and on the page, while a registry is silent; its temporary files are gone, and it is quick."""
        with socket.create_server(("localhost", 0)) as silent:
            silent.settimeout(60)
            place = {"registry": f"localhost:{silent.getsockname()[1]}", "python-version": "3.11"}
            place |= {"report-directory": "out"}
            given = {**PACKAGE, **place, "base-image": f"{place['registry']}/base:1", "environment-file": "some.txt"}
            (project / "some.txt").write_text("six==1.17.0\n")
            folder = project / "temporary"
            started = start_action(project, given, {"TMPDIR": str(folder)}, folder)
            kept = silent.accept()
            begun = time.monotonic()
            started.process.send_signal(signal.SIGTERM)
            run = started.run()
            kept[0].close()

        assert (130, True) == (run.code, time.monotonic() - begun < GONE)
        words = "Could not finish: the run was stopped. No Azure resource was touched."
        assert [f"::error::{words}"] == run.errors
        assert words in run.summary
        assert f"error: {words}" in (project / "out" / "log.txt").read_text()
        assert "was stopped" in run.summary.splitlines()[0]
        assert {"log", "output", "summary"} == {path.name for path in folder.iterdir()}

    def test_refused_inputs_end_with_2_and_every_problem(self, tmp_path: Path) -> None:
        """Each problem is an annotation of its own."""
        stream = io.StringIO()

        ending = run_once({"mode": "deploy", "app-name": "-x-"}, {}, PlainHost(stream), tmp_path)

        assert ending.code == 2
        errors = [line for line in stream.getvalue().splitlines() if line.startswith("error: ")]
        assert len(errors) > 4
        assert any("app-name" in line for line in errors)

    def test_more_problems_than_a_host_shows_are_ten_annotations(self, tmp_path: Path) -> None:
        """GitHub keeps ten errors of a step: the last of them has the rest, and none is lost."""
        stream = io.StringIO()
        wrong = dict.fromkeys(("app-name", "tenant-id", "registry", "plan-sku", "image-tag", "access", "location"), "!")
        wrong |= dict.fromkeys(("model-path", "entry-script", "environment-file", "deployment-file"), "nowhere")

        run_once({"mode": "deploy", **wrong}, {}, GitHubHost({}, stream), tmp_path)

        errors = [line for line in stream.getvalue().splitlines() if line.startswith("::error")]
        assert 10 == len(errors)
        assert re.match(r"::error::\d+ more:%0A", errors[-1])
        assert [] == [name for name in wrong if f"{name}: " not in "".join(errors)]

    def test_an_error_that_is_no_failure_is_our_bug(self, project: Path) -> None:
        """Exit code 70, the traceback in a fold, and one sentence that takes the blame."""
        stream = io.StringIO()

        ending = run_once(PACKAGE, {}, BrokenHost(stream), project)

        assert ending.code == 70
        assert "ZeroDivisionError: boom" in stream.getvalue()
        assert "This is a bug in functions-model-action, not in your project" in stream.getvalue()

    def test_a_client_secret_is_masked_before_anything_is_said(self, project: Path) -> None:
        """Even where the inputs are refused."""
        stream = io.StringIO()
        host = PlainHost(stream)

        run_once({**PACKAGE, "client-secret": "s3cr3t-s3cr3t", "image-tag": "s3cr3t-s3cr3t bad"}, {}, host, project)

        assert "s3cr3t" not in stream.getvalue()
        assert "***" in stream.getvalue()


class TestMaskSettings:
    """`mask_settings`."""

    def test_masks_long_values_only(self) -> None:
        """A setting `1` must not star out every digit, nor the registry's name every line about the image."""
        stream = io.StringIO()
        host = PlainHost(stream)
        settings = {"A": Secret("1"), "B": Secret("a-long-password"), "C": Secret("contoso.azurecr.io")}
        spec = replace(spec_for(), target=replace(TARGET, app_settings=settings))

        mask_settings(spec, {"registry": "contoso.azurecr.io", "app-settings": "B=a-long-password"}, host)
        host.info("1 a-long-password contoso.azurecr.io")

        assert stream.getvalue() == "1 *** contoso.azurecr.io\n"


class TestDoors:
    """`main`."""

    def test_version_is_one_line(self, capsys: pytest.CaptureFixture[str]) -> None:
        """For bug reports."""
        assert main(["--version"]) == 0

        assert capsys.readouterr().out.startswith("functions-model ")

    def test_a_folder_without_a_script_is_refused(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        """Before any sandbox is started."""
        assert main(["try", str(tmp_path)]) == 2

        assert "there is no `score.py`" in capsys.readouterr().out
