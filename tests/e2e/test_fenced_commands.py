"""The commands in the pages, typed one block after the other, against one sandbox and one app."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
import yaml

from azure_sandbox.sandbox import Sandbox
from support.az import Az, new_az
from support.console import console_environ
from support.deployer import Deployer
from support.fenced import Block, blocks, run_here
from support.project import write_echo_project
from support.tools import AZ, ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.needs("az"), pytest.mark.exhaustive]

BLOCKS = run_here(blocks())
COMMAND = """\
#!/bin/sh
# `--follow` goes on until Ctrl-C.
case "$*" in
*--follow*) timeout --signal=INT 10 {python} -m functions_model "$@"; test $? -eq 124 -o $? -eq 130 ;;
*) exec {python} -m functions_model "$@" ;;
esac
"""
TEXTS = "echotexts"
"""A storage account of the test's own."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who types what the pages say.

    Attributes:
        folder: Where; it has `inputs.yml`, `request.json` and what else the commands read.
        environ: With both commands on PATH, logged in.
        names: What stands in the pages, and what it is called here.
    """

    folder: Path
    environ: dict[str, str]
    names: dict[str, str]

    def types(self, text: str) -> subprocess.CompletedProcess[str]:
        """One block, to the first command that fails; variables of earlier blocks are known."""
        for theirs, ours in self.names.items():
            text = re.sub(rf"(?<![\w.-]){re.escape(theirs)}(?![\w.]|-\w)", ours, text)
        known = self.folder / "variables.sh"
        script = f"set -euo pipefail\n. {known}\n{text}\ndeclare -p >{known}.new 2>/dev/null\n"
        kept = f"grep -E '^declare -- [a-z]+=' {known}.new >{known} || true\n"
        with _keyboard() as keyboard:
            return subprocess.run(
                ["bash", "-c", script + kept],
                cwd=self.folder,
                env=self.environ,
                stdin=keyboard,
                capture_output=True,
                text=True,
                check=False,
                timeout=200,
            )


@contextmanager
def _keyboard() -> Iterator[int]:
    """A terminal on which somebody has typed `y`, for a command that asks."""
    person, terminal = os.openpty()
    try:
        os.write(person, b"y\n")
        yield terminal
    finally:
        os.close(person)
        os.close(terminal)


@pytest.fixture(scope="module")
def own_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Of this file alone: the commands lock images, delete the cache and swap."""
    with Sandbox(tmp_path_factory.mktemp("own-sandbox")) as own:
        yield own


@pytest.fixture(scope="module")
def reader(own_sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """With an app, a slot of it, and what its pages say exists beforehand."""
    ends = own_sandbox.endpoints
    folder = tmp_path_factory.mktemp("reader")
    deployer = Deployer(own_sandbox, folder, "churn-scorer")
    app, slot = deployer.run(image_tag="v1"), deployer.run(image_tag="v2", slot_name="staging")
    assert (0, 0) == (app.code, slot.code), app.log + slot.log
    az = new_az(tmp_path_factory.mktemp("az"), ends)
    az.sign_in(ends, "-p", ends.client_secret)
    _write_files(deployer, folder)
    names = _existing(az, deployer) | {
        "contoso": ends.registry_name,
        "<appId>": ends.client_id,
        "https://churn-scorer.azurewebsites.net": app.outputs["app-url"],
    }
    return Reader(folder, _environ(az, own_sandbox, folder), names)


def _write_files(deployer: Deployer, folder: Path) -> None:
    inputs = {**deployer.sandbox.endpoints.inputs(), **deployer.inputs}
    inputs |= {"app-name": deployer.app, "resource-group": deployer.group}
    (folder / "inputs.yml").write_text(yaml.safe_dump(inputs))
    (folder / "request.json").write_text('{"x": 2}')
    (folder / "letter.txt").write_text("Sehr geehrte Damen und Herren")
    (folder / "variables.sh").write_text("")
    write_echo_project(folder / "my-model")
    (folder / "my-model" / "inputs.yml").write_text(yaml.safe_dump(deployer.inputs))


def _environ(az: Az, sandbox: Sandbox, folder: Path) -> dict[str, str]:
    commands = folder / "bin"
    commands.mkdir()
    (commands / "functions-model").write_text(COMMAND.format(python=sys.executable))
    (commands / "functions-model").chmod(0o755)
    ends = sandbox.endpoints
    own = {"FUNCTIONS_MODEL_CLIENT_SECRET": ends.client_secret, "CURL_CA_BUNDLE": str(ends.ca_bundle)}
    path = f"{commands}:{AZ.parent}:{os.environ['PATH']}"
    return {**console_environ(), **az.environ, **own, "PATH": path, "PYTHONPATH": str(ROOT / "src")}


def _existing(az: Az, deployer: Deployer) -> dict[str, str]:
    """What pages name by a placeholder, or say is there."""
    place = ("--resource-group", deployer.group)
    account = az.json("storage", "account", "create", "--name", TEXTS, *place, "--location", "westeurope")
    blobs = account["primaryEndpoints"]["blob"]
    may = ("--role", "Storage Blob Data Contributor", "--scope", account["id"])
    az.json("role", "assignment", "create", "--assignee", deployer.sandbox.endpoints.client_id, *may)
    for container in ("texts", "languages"):
        az.json("storage", "container", "create", "--name", container, "--blob-endpoint", blobs, "--auth-mode", "login")
    answer = ("--container-name", "languages", "--name", "letter.json", "--data", "{}")
    az.json("storage", "blob", "upload", *answer, "--blob-endpoint", blobs, "--auth-mode", "login")
    az.json("servicebus", "namespace", "create", "--name", "churn-bus", *place, "--location", "westeurope")
    az.json("servicebus", "queue", "create", "--name", "requests", "--namespace-name", "churn-bus", *place)
    [identity] = az.json("identity", "list", *place)
    return {
        "churn": deployer.group,
        "<group>": deployer.group,
        "<app>": deployer.app,
        "<identity-name>": identity["name"],
        "<account>": TEXTS,
        "--account-name contosotexts": f"--blob-endpoint {blobs}",
        "<input queue>": "requests",
        "<namespace>": "churn-bus",
    }


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_a_block(reader: Reader, block: Block) -> None:
    """Each command of it ends well."""
    done = reader.types(block.text)

    assert 0 == done.returncode, done.stdout[-1500:] + done.stderr[-1500:]


def test_a_command_that_fails(reader: Reader) -> None:
    """Would be seen: an app that does not exist, and an option that does not."""
    wrong = [
        "az functionapp show --resource-group churn --name nowhere --output tsv",
        "functions-model call --inputs-fle x",
    ]

    assert [] == [text for text in wrong if not reader.types(text).returncode]
