"""Cases of `tests/preflight/cases.md`: small projects, with what is to be found in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from functions_model.bundle import layout, plan_layers
from functions_model.core.references import digest_of
from functions_model.core.spec import DeploymentSpec
from functions_model.environment.locking import Lock
from functions_model.environment.request import EnvironmentRequest
from functions_model.image.files import FileTree
from functions_model.image.tree import read_tree
from functions_model.inputs import read_any
from functions_model.preflight.checks import of_everything, of_files
from functions_model.preflight.finding import Finding
from functions_model.preflight.project import project_of
from functions_model.preflight.taking import take_inventory
from support.ci import RecordingCi
from support.documents import ROOT

CASES = ROOT / "tests/preflight/cases.md"
ALWAYS = (
    "azureml-inference-server-http 1.5.1: azureml_inference_server_http/api/aml_request.py\nflask 3.1.0: flask/app.py"
)
"""What every environment has."""
SCRIPT = "def init():\n    pass\n\n\ndef run(data):\n    return data\n"
_FENCE = re.compile(r"^```(?P<info>[^\n]+)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_LOCK = Lock("", digest_of(b""), (), EnvironmentRequest(None, None, ()))


@dataclass(frozen=True)
class Case:
    """One project.

    Attributes:
        name: Its heading.
        files: By path.
        packages: What is installed, a line each: `scikit-learn 1.5.2: sklearn/__init__.py, sklearn/base.py`.
        found: The lines that must be found, as linters print them, in their order.
        inputs: Inputs besides script, model and environment.
        mended: The files as they are when the way out was taken; empty where the case shows none.
        mended_packages: What is installed then, too.
        mended_inputs: Inputs that are given then, too.
        python: The minor.
    """

    name: str
    files: dict[str, str]
    packages: str = ""
    found: str = ""
    inputs: dict[str, str] = field(default_factory=dict)
    mended: dict[str, str] = field(default_factory=dict)
    mended_packages: str = ""
    mended_inputs: dict[str, str] = field(default_factory=dict)
    python: str = "3.12"

    @property
    def when_mended(self) -> Case:
        """The project after the way out was taken."""
        packages = f"{self.packages}\n{self.mended_packages}"
        inputs = self.inputs | self.mended_inputs
        return replace(self, files=self.files | self.mended, packages=packages, inputs=inputs, found="")

    @property
    def shows_a_way_out(self) -> bool:
        """Whether the case says what the project is when it was mended."""
        return bool(self.mended or self.mended_packages or self.mended_inputs)


def blocks_of(section: str) -> list[tuple[str, str]]:
    """The fenced blocks of a part of a page: what stands at the fence, and what stands in it."""
    return [(match["info"].strip(), match["body"]) for match in _FENCE.finditer(section)]


def cases(part: str) -> tuple[Case, ...]:
    """Those below one of the page's headings: `Broken`, `Sound`."""
    text = CASES.read_text().partition(f"\n## {part}\n")[2].partition("\n## ")[0]
    return tuple(_case(section) for section in text.split("\n### ")[1:])


def _case(section: str) -> Case:
    name = section.partition("\n")[0].strip()
    files, mended, other = {}, {}, {}
    for info, body in blocks_of(section):
        word, _, rest = info.partition(" ")
        if word == "mended":
            mended[rest] = body
        elif word in {"packages", "found", "inputs", "python"}:
            other[word] = body
        else:
            files[info] = body
    inputs = inputs_of(other.get("inputs", ""))
    more, mended_inputs = mended.pop("packages", ""), mended.pop("inputs", "")
    python = other.get("python", "3.12").strip()
    found, packages = other.get("found", ""), other.get("packages", "")
    return Case(name, files, packages, found, inputs, mended, more, inputs_of(mended_inputs), python)


def inputs_of(text: str) -> dict[str, str]:
    """The inputs of a block, a line each."""
    return dict(line.split(": ", 1) for line in text.splitlines())


def look(case: Case, folder: Path) -> tuple[Finding, ...]:
    """All that is found in a case's project, which is written into the folder."""
    project, site = folder / "project", folder / "site-packages"
    defaults = {"model/weights.txt": "1\n", "requirements.txt": "flask\n"}
    for path, text in ({} if "model-path" in case.inputs else defaults | {"score.py": SCRIPT}).items():
        _write(project / path, text)
    for path, text in case.files.items():
        _write(project / path, text)
    for path, text in _installed(f"{ALWAYS}\n{case.packages}"):
        _write(site / path, text)
    spec = _spec(case, project)
    facts = project_of(spec, plan_layers(spec), case.python, project / "requirements.txt")
    tree = read_tree(site, layout.SITE_PACKAGES, root=site)
    inventory = take_inventory([FileTree(tree.files)], _LOCK, case.python)
    return (*of_files(facts), *of_everything(facts, inventory))


def lines_of(found: tuple[Finding, ...], folder: Path) -> list[str]:
    """As linters print them, with paths from the project's folder."""
    return [one.line.replace(f"{folder / 'project'}/", "") for one in found]


def _spec(case: Case, project: Path) -> DeploymentSpec:
    usual = {"model-path": "model", "entry-script": "score.py", "environment-file": "requirements.txt"}
    values = {"mode": "package", "registry": "localhost:5000", **usual, **case.inputs}
    spec = read_any({name: text for name, text in values.items() if text}, workspace=project, facts=RecordingCi().facts)
    assert isinstance(spec, DeploymentSpec)
    return spec


def _installed(packages: str) -> Iterator[tuple[str, str]]:
    """`name version: file, file (empty), file (makes modules)`."""
    for line in filter(None, packages.splitlines()):
        head, _, listed = line.partition(": ")
        name, version = head.split(" ")
        yield f"{name.replace('-', '_')}-{version}.dist-info/METADATA", f"Name: {name}\nVersion: {version}\n"
        for entry in filter(None, listed.split(", ")):
            path, _, how = entry.partition(" (")
            yield path, {"empty)": "", "makes modules)": "import sys\nsys.modules['x'] = sys\n"}.get(how, "x = 1\n")


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
