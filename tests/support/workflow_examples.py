"""A repository with one of the workflows that people copy, and what stands for the repositories of others in it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from support import owner
from support.act import commit, copy_action, run_workflow
from support.deployment import run_action
from support.engine import CA_BUNDLE
from support.live_sites import scored
from support.project import write_echo_project
from support.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from azure_sandbox.sandbox import Sandbox
    from support.act import WorkflowRun
    from support.deployment import Run

EXAMPLES = ROOT / "examples" / "workflows"
STAND_INS = Path(__file__).with_name("actions")
USES = re.compile(r"uses: ([^/@\s]+/[^/@\s]+)([^@\s]*)@(\S+)")
"""Repository, what is below it, and what of it is used."""
REPOSITORY = "contoso/models"
_REUSABLE = EXAMPLES / "reusable.yml"
_WHERE = ("cloud", "registry", "base-image", "python-version", "location")
_IDS = ("subscription-id", "tenant-id", "client-id")


def uses_of(workflow: Path) -> set[tuple[str, str, str]]:
    """What others' actions and workflows a workflow uses: repository, what is below it, and what of it."""
    return set(USES.findall(workflow.read_text()))


@cache
def stand_in_inputs(repository: str) -> frozenset[str]:
    """The names of the inputs that an action of others has."""
    return frozenset(yaml.safe_load((STAND_INS / repository / "action.yml").read_text())["inputs"])


@dataclass(slots=True)
class Checkout:
    """A repository of somebody who has copied one workflow.

    Attributes:
        sandbox: Where it deploys to.
        folder: Exists; takes the repository, and what stands for the repositories of others.
        workflow: The example's name, without its ending.
        app: The variable APP_NAME; groups are named after it.
        variables: What is set beside the names and the ids.
    """

    sandbox: Sandbox
    folder: Path
    workflow: str
    app: str
    variables: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.top.mkdir()
        self.kept.mkdir()
        self._git("init", "--quiet", "--initial-branch", "main")
        self._git("remote", "add", "origin", f"https://github.com/{REPOSITORY}")
        (self.top / ".github" / "workflows").mkdir(parents=True)
        shutil.copy(EXAMPLES / f"{self.workflow}.yml", self.top / ".github" / "workflows")
        trusted = CA_BUNDLE.read_bytes() if CA_BUNDLE.exists() else b""
        self._certificates.write_bytes(trusted + b"\n" + self.sandbox.endpoints.ca_bundle.read_bytes())

    @property
    def top(self) -> Path:
        """The repository's folder."""
        return self.folder / "repository"

    @property
    def kept(self) -> Path:
        """What `gh`, `az` and others' actions were given."""
        return self.folder / "kept"

    def write_model(self, within: str = ".", *, weights: str = "first", **inputs: str) -> None:
        """Write a project and its inputs.yml into a folder of the repository."""
        folder = self.top / within
        own = write_echo_project(folder, weights=weights)
        given = self.sandbox.endpoints.inputs()
        where = {name: given[name] for name in _WHERE}
        names = {"app-name": self.app, "resource-group": self.app, "auth-level": "anonymous"}
        every = {**where, **own, **names, **inputs}
        (folder / "inputs.yml").write_text("".join(f"{name}: '{value}'\n" for name, value in every.items()))

    def commit(self) -> str:
        """Commit all that is there; the commit's hash."""
        commit(self.top)
        return self._git("rev-parse", "HEAD")

    def run(self, event: str = "push", **told: Any) -> WorkflowRun:
        """What happens, as GitHub tells it.

        Args:
            event: Its name.
            told: What is said of it.
        """
        self.commit()
        environ = {"KEPT": str(self.kept), **self.sandbox.endpoints.environ()}
        trust = dict.fromkeys(("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), str(self._certificates))
        commands = {one: f"/usr/local/bin/{one.name}" for one in (STAND_INS / "commands").iterdir()}
        return run_workflow(
            self.top,
            environ | trust | {"AZURE_POD_IDENTITY_AUTHORITY_HOST": self.sandbox.endpoints.imds},
            {"GITHUB_TOKEN": "a-token-of-the-job"},
            variables=self._variables(),
            local=dict(self._locals()),
            event=(event, told),
            mounts={self.kept: str(self.kept), **commands},
        )

    def said(self, command: str) -> list[Any]:
        """What a command or an action was given, in order: `gh`, `az`, `actions`."""
        file = self.kept / f"{command}.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def comments(self) -> list[str]:
        """Those below the pull request."""
        file = self.kept / "comments.json"
        return json.loads(file.read_text()) if file.exists() else []

    def deploy(self, within: str = ".", **inputs: str) -> Run:
        """Deploy what is in a folder without a workflow; `slot_name` is the input `slot-name`."""
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        ids = {name: value for name, value in self.sandbox.endpoints.inputs().items() if name in _IDS}
        own = {"inputs-file": "inputs.yml", "working-directory": within}
        return run_action(self.top, {**own, **ids, **given}, self.sandbox.endpoints.environ())

    def answers(self, app: str = "", *, group: str = "", slot: str = "") -> str:
        """The model that an app, or its slot, answers with."""
        return str(scored(self.sandbox, group or self.app, app or self.app, {"x": 2}, slot)["model"])

    @property
    def _certificates(self) -> Path:
        return self.top / "certificates.pem"

    def _variables(self) -> dict[str, str]:
        inputs = self.sandbox.endpoints.inputs()
        ids = {f"AZURE_{name.replace('-', '_').upper()}": inputs[name] for name in _IDS}
        return {**ids, "APP_NAME": self.app, "RESOURCE_GROUP": self.app, **self.variables}

    def _locals(self) -> dict[str, Path]:
        """Folders for the repositories of others that the workflow uses."""
        files = [*(self.top / ".github" / "workflows").iterdir(), *([_REUSABLE] if "reusable" in self.workflow else [])]
        every = {(repository, ref) for one in files for repository, _, ref in uses_of(one)}
        return {f"{repository}@{ref}": self._local(repository) for repository, ref in every}

    def _local(self, repository: str) -> Path:
        place = self.folder / repository.replace("/", "--")
        if place.exists():
            return place
        place.mkdir()
        if repository == owner.repository():
            copy_action(place)
        elif (STAND_INS / repository).exists():
            shutil.copy(STAND_INS / repository / "action.yml", place)
            shutil.copy(STAND_INS / "stand-in.js", place)
        else:
            (place / ".github" / "workflows").mkdir(parents=True)
            shutil.copy(_REUSABLE, place / ".github" / "workflows" / "deploy-model.yml")
        return place

    def _git(self, *words: str) -> str:
        done = subprocess.run(["git", *words], cwd=self.top, capture_output=True, text=True, check=True)
        return done.stdout.strip()
