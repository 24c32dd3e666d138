"""The inputs that the pages show, made whole, so that the product can read them as if a user had copied them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from functions_model.inputs.catalogue import BY_NAME, CATALOGUE
from functions_model.inputs.specs import InputKind
from support.inputs import GUID, WHOLE
from support.owner import repository
from support.project import ECHO_SCRIPT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.fenced import Block

NAMES = {spec.name for spec in CATALOGUE}
_DIGEST = "@sha256:" + "0" * 64
_BASE = {
    "model-path": "model/iris.pkl",
    "entry-script": "score.py",
    "registry": "contoso",
    "resource-group": "iris",
    "app-name": "contoso-iris",
    "location": "westeurope",
    "subscription-id": GUID,
    "tenant-id": GUID,
    "client-id": GUID,
}
"""What a part of a workflow leaves to the reader."""
_ENVIRONMENTS = {".yml": "dependencies: [python=3.12, pip]\n", ".yaml": "dependencies: [python=3.12, pip]\n"}
_TEXTS = {
    "entry-script": ECHO_SCRIPT,
    "sample-request": "{}",
    "dockerfile": "FROM mcr.microsoft.com/azure-functions/python:4-python3.12\n",
    "deployment-file": WHOLE.replace("../../", "../"),
    "inputs-file": "trigger: http\n",
}


def inputs_of(block: Block) -> list[dict[str, str]]:
    """The inputs of each step that uses the action, of a `with:` alone, or of an inputs file; empty for other YAML."""
    read: Any = yaml.load(block.text, yaml.BaseLoader)  # texts, as the action gets them  # noqa: S506
    if not isinstance(read, dict):
        return []
    if set(read) == {"with"}:
        return [read["with"]]
    if set(read) <= NAMES and not any(isinstance(one, dict) for one in read.values()):
        return [{name: "\n".join(one) if isinstance(one, list) else one for name, one in read.items()}]
    jobs = [read, *read.get("jobs", {}).values()] if isinstance(read.get("jobs", {}), dict) else []
    return [
        step.get("with", {}) for job in jobs for step in job.get("steps", []) if repository() in step.get("uses", "")
    ]


def whole(given: dict[str, str]) -> dict[str, str]:
    """With what a deployment cannot do without, and with names for expressions and placeholders.

    Raises:
        AssertionError: An input that does not exist.
    """
    if unknown := sorted(set(given) - NAMES):
        raise AssertionError(f"no input is called {', '.join(unknown)}")
    values = {name: _filled(name, text) for name, text in given.items()}
    image = set() if "image" not in values else {spec.name for spec in CATALOGUE if spec.of_image}
    theirs = {"model-path", "entry-script"} if "deployment-file" in values else set()
    return {name: text for name, text in {**_BASE, **values}.items() if name in values or name not in image | theirs}


def write_files(folder: Path, values: dict[str, str]) -> None:
    """Each file and folder that the inputs name, below the workspace."""
    root = folder / values.get("working-directory", "")
    for name, text in values.items():
        if BY_NAME[name].kind is InputKind.PATH or name in ("model-path", "import-roots"):
            for path in text.splitlines():
                _write(root / path, name)
    for path in ("model/weights.bin", "environment.yml", "src/score.py"):
        _write(root / path, "entry-script" if path.endswith(".py") else "")


def _write(path: Path, name: str) -> None:
    if name in ("report-directory", "build-context", "working-directory"):
        return
    if not path.suffix and name != "dockerfile":
        path.mkdir(parents=True, exist_ok=True)
        (path / "weights.bin").write_text("first")
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_TEXTS.get(name, _ENVIRONMENTS.get(path.suffix, "six==1.17.0\n")))


def _filled(name: str, text: str) -> str:
    """A text with something in each place that a reader fills in."""
    if name == "image" and "${{" in text:
        return f"contoso.azurecr.io/package{_DIGEST}"
    known = GUID if BY_NAME[name].kind is InputKind.GUID or "/subscriptions/" in text else "filled-in"
    return re.sub(r"\$\{\{.*?\}\}|<[^<>\n]+>|\$\([\w.]+\)", known, text).replace("@sha256:...", _DIGEST)


def all_inputs(found: list[Block]) -> Iterator[tuple[Block, dict[str, str]]]:
    """Each inputs of each YAML block."""
    for block in found:
        if block.language == "yaml":
            yield from ((block, one) for one in inputs_of(block))
