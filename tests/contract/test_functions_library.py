"""`azure-functions` is installed with the other dependencies, unless it stands in their way."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import EnvironmentFailed
from functions_model.environment import read_environment, resolve
from support.source_packages import SourcePackage

if TYPE_CHECKING:
    from pathlib import Path

SERVER, LIBRARY = "azureml-inference-server-http", "azure-functions"


def wheels(folder: Path, *packages: tuple[str, str, tuple[str, ...]]) -> None:
    """The inference server, two packages, and more, each with what it requires."""
    own = ((SERVER, "1.5.1", ()), ("tool", "1.0", ("part>=2",)), ("part", "3.0", ()))
    for name, version, requires in (*own, *packages):
        SourcePackage(name, version, "", requires=requires).write_wheel(folder / "wheels")


def locked(folder: Path, text: str) -> dict[str, str]:
    """The versions of all packages, from that folder's wheels and from nowhere else."""
    (folder / "requirements.txt").write_text(f"--no-index\n--find-links wheels\n{text}")
    request = read_environment(folder / "requirements.txt", environ={})
    return {one.name: one.version for one in resolve(request, "3.11", work=folder / "work").packages}


def test_is_in_the_lock(tmp_path: Path) -> None:
    """Beside a package that hides the worker's own; the user's version of it holds."""
    wheels(tmp_path, (LIBRARY, "1.25.0", ()), (LIBRARY, "1.26.0", ("part>=2",)))

    assert locked(tmp_path, "tool\n")[LIBRARY] == "1.26.0"
    assert locked(tmp_path, "tool\nazure.functions<1.26\n")[LIBRARY] == "1.25.0"


@pytest.mark.parametrize("requires", [("part<2",), ("nowhere",)])
def test_stands_in_nobodys_way(requires: tuple[str, ...], tmp_path: Path) -> None:
    """Where it does not fit, or is not to be had, the worker's own has to do."""
    wheels(tmp_path, (LIBRARY, "1.26.0", requires))

    assert set(locked(tmp_path, "tool\n")) == {SERVER, "part", "tool"}


def test_what_else_is_wrong_is_told_without_it(tmp_path: Path) -> None:
    """A package that is missing is told, and never the one that was added."""
    wheels(tmp_path)

    with pytest.raises(EnvironmentFailed) as failure:
        locked(tmp_path, "tool\nmissing\n")

    [problem] = failure.value.problems
    assert "`missing`" in problem.what
    assert LIBRARY not in f"{problem.what} {problem.remedy} {failure.value.detail}"
