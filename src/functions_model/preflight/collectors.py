"""A script that collects with `azureml.ai.monitoring`, where nothing takes what it collects."""

from __future__ import annotations

from collections.abc import Iterator

from functions_model.core.failures import Location, Problem
from functions_model.image.files import TreeFile
from functions_model.preflight.distributions import content_of
from functions_model.preflight.finding import Finding, Weight
from functions_model.preflight.project import Project
from functions_model.preflight.reading import read_facts

_PACKAGE = "azureml.ai.monitoring"


def check_collectors(project: Project) -> Iterator[Finding]:
    """One note, with the first line that imports it: the app scores all the same."""
    if project.collects or not project.own_script:
        return
    for place in _imports(project):
        what = "what the script gives to `Collector` is dropped, as nothing collects it"
        yield Finding(Weight.NOTE, Problem(what, "Set `collect: script` to have it in blobs.", location=place))
        return


def _source(file: TreeFile) -> bytes:
    try:
        return content_of(file) or b""
    except OSError:
        return b""  # whoever packs it says why it cannot be read


def _imports(project: Project) -> Iterator[Location]:
    """Every line of the user's files that imports the package."""
    for file in project.code.files:
        source = _source(file) if file.path.endswith(".py") else b""
        facts = read_facts(source, project.python) if _PACKAGE.encode() in source else None
        for scope in facts.scopes.values() if facts else ():
            for one in scope.imports:
                if f"{one.module}.".startswith(f"{_PACKAGE}."):
                    yield Location(project.shown(file.path), one.line)
