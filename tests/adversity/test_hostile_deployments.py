"""Whole deployments of a hostile project: its script, its files' names and its settings do what they can."""

from __future__ import annotations

import base64
import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from support.deployer import Deployer
from support.deployment import GITHUB
from support.leaks import leaks
from support.pages import kinds_on
from support.pipelines_step import AzurePipelines, PipelinesRun
from support.sinks import github_commands

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox
    from support.deployment import JobHost, Run

pytestmark = pytest.mark.exhaustive

SETTINGS = {
    "REGEX": r"a+b(c)*[d]{2}\d.$^|x",
    "SIGNS": "pass\"word/with\\all &<kinds> of=signs+\u00e9's",
    "FIRST": "hunter22-hunter22",
    "LONGER": "hunter22-hunter22-and-more",
    "SCRIPTS": "\u043f\u0430\u0440\u043e\u043b\u044c-\u5bc6\u7801-\U0001f511",
    "LINES": "first-long-line-of-it\nsecond-long-line-of-it",
    "KIND": "identity",
    "COUNT": "1",
}
SECRETS = [value for name, value in SETTINGS.items() if name not in {"KIND", "COUNT"}]
EVIL = "![x](https://evil.test/p.png) <img src=https://evil.test/q.png> [log in](https://evil.test) ``` </details>"
SCRIPT = f"""\
import base64, json, os, sys
from urllib.parse import quote

NAMES = {sorted(SETTINGS)!r}
EVIL = {EVIL!r}


def forms(value):
    return [value, json.dumps(value), repr(value), quote(value, safe=""), base64.b64encode(value.encode()).decode()]


def init():
    for name in NAMES:
        for form in forms(os.environ[name]):
            print("it is", form)
        half = len(os.environ[name]) // 2
        sys.stdout.write(os.environ[name][:half])
        sys.stdout.flush()
        sys.stdout.write(os.environ[name][half:] + "\\n")
    print("::set-output name=image::evil\\r::add-mask::e\\n##[add-mask]e ##vso[task.complete result=Failed]x")
    print("\\x1b[2J\\x1b]0;evil\\x07 \\u202e", EVIL, flush=True)
    if os.environ.get("BROKEN"):
        raise ValueError({{name: os.environ[name] for name in NAMES}}, EVIL, "::error::evil", "\\x1b[2J")


def run(raw_data):
    return {{"all": [forms(os.environ[name]) for name in NAMES], "evil": EVIL, "code": "\\x1b[2J::error::evil"}}
"""
FILES = ("![x](https:evil.test).txt", "a`b$(touch evil).txt", "x\n::error::evil.txt", "##vso[task.complete].txt")


HOSTS: dict[str, Callable[[Sandbox], JobHost]] = {"github": lambda _: GITHUB, "azure-pipelines": AzurePipelines}
ON = pytest.mark.parametrize("host", HOSTS)


def _deployed(sandbox: Sandbox, folder: Path, app: str, host: str, **settings: str) -> tuple[Run, str]:
    """The run, and all that the files of its report say."""
    deployer = Deployer(sandbox, folder, f"{app}-{host[:2]}", host=HOSTS[host](sandbox))
    (folder / "src/score.py").write_text(SCRIPT)
    for name in FILES:
        (folder / "src" / name).write_text("x" * 5000)
    (folder / "sam $(touch evil).json").write_text('{"x": 1}')
    run = deployer.run(
        app_settings=json.dumps({**SETTINGS, **settings}),
        sample_request="sam $(touch evil).json",
        report_directory="report",
        verify_timeout="60",
    )
    return run, "\n".join(file.read_text() for file in (folder / "report").iterdir())


def _judge(run: Run, report: str) -> None:
    pieces = {
        form[at : at + 16]
        for secret in SECRETS
        for line in secret.split("\n")
        for form in (line, json.dumps(line)[1:-1], quote(line, safe=""), base64.b64encode(line.encode()).decode()[:-4])
        for at in range(max(1, len(form) - 15))
    }
    assert leaks(f"{run.shown}\n{report}".encode(), pieces) == []
    if isinstance(run, PipelinesRun):
        assert run.astray == []
    else:
        names = {name for name, _ in github_commands(run.log)}
        assert names <= {"add-mask", "group", "endgroup", "error", "warning", "notice"}
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", run.log + run.summary + report)
    kinds = kinds_on(run.summary)
    assert kinds.pictures == []
    assert [] == [address for address in kinds.links if "evil" in address]
    assert set(kinds.tags) <= {"<details>", "</details>", "<summary>", "</summary>", "<br>", "<code>", "</code>"}
    assert "--data-binary '@sam $(touch evil).json'" in run.summary or run.code


@ON
def test_what_a_live_app_says_harms_nobody(sandbox: Sandbox, tmp_path: Path, host: str) -> None:
    """Its answer and its log are full of secrets, commands and codes."""
    run, report = _deployed(sandbox, tmp_path, "hostile-live", host)

    assert run.code == 0, run.log
    assert run.outputs["function-names"] == "check,cors,identity,score,swagger,warmup"
    assert {"image", "digest", "plan", "lock", "app-url"} <= set(run.outputs)
    _judge(run, report)


@ON
def test_what_a_dead_app_says_harms_nobody(sandbox: Sandbox, tmp_path: Path, host: str) -> None:
    """Its exception holds all settings, and its log is told at length."""
    run, report = _deployed(sandbox, tmp_path, "hostile-dead", host, BROKEN="yes")

    assert run.code == 8, run.log
    assert "ValueError" in run.log
    _judge(run, report)
