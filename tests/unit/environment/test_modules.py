"""Which modules get byte code: what was asked for, and what its imports lead to."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import Location
from functions_model.environment.byte_code import compile_modules
from functions_model.environment.modules import RUNTIME, UNREAD, Found, asked_for, find_modules
from functions_model.environment.request import CondaDependency as Spec
from functions_model.environment.request import CondaRequest, EnvironmentRequest, Requirement
from functions_model.image.files import FileTree, TreeFile
from functions_model.image.tree import read_tree
from functions_model.payload import telemetry
from support.tools import find_python

if TYPE_CHECKING:
    from collections.abc import Mapping

LIBRARY = "opt/conda/lib/python3.12"
CONDA = f"{LIBRARY}/site-packages"
PLACE = "home/site/wwwroot/.python_packages/lib/site-packages"
PLACES = (PLACE, LIBRARY, CONDA)
MINOR = ".".join(map(str, sys.version_info[:2]))


def installed(folder: Path, files: Mapping[str, str], place: str = PLACE) -> FileTree:
    """Files of an installation, with a record for each package: `owner:path`."""
    owned: dict[str, list[str]] = {}
    for name, text in files.items():
        owner, _, path = name.rpartition(":")
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
        if owner:
            owned.setdefault(owner, []).append(path)
    for owner, paths in owned.items():
        record = folder / f"{owner}-1.0.dist-info" / "RECORD"
        record.parent.mkdir(exist_ok=True)
        record.write_text("".join(f"{path},sha256=x,1\n" for path in paths))
    return read_tree(folder, place, root=folder)


def begun_with(tree: FileTree, *asked: str) -> set[str]:
    """The modules of a tree that are begun with for packages."""
    found = find_modules(tree.files, asked, PLACES, LIBRARY)
    return {*found.first} & {*found.modules}


def led_to(files: Mapping[str, str], first: str, folder: Path, python: Path = Path(sys.executable)) -> set[str]:
    """What is compiled of modules, by their paths, when one is begun with."""
    tree = installed(folder / "in", files)
    found = find_modules(tree.files, (), PLACES)
    made = compile_modules(Found(found.modules, (first,)), MINOR, python, work=folder / "out", environ={})
    names = {file.path.removeprefix(f"{PLACE}/").partition(".cpython")[0] for file in made.files}
    return {name.replace("__pycache__/", "") for name in names}


class TestWhatCanBeImported:
    def test_is_all_but_tests(self, tmp_path: Path) -> None:
        """Data, templates and scripts are no modules."""
        names = (
            "a.py",
            "test.py",
            "pack/__init__.py",
            "pack/_c/d.py",
            "pack/tests/e.py",
            "pack/test/f.py",
            "pack/conftest.py",
            "pack/testing/g.py",
            "pack-1.0.dist-info/h.py",
            "pack/templates/{{name}}/i.py",
            "pack/j-k.py",
            "pack/l.txt",
        )
        tree = installed(tmp_path, dict.fromkeys(names, ""))

        assert {"a", "test", "pack", "pack._c.d", "pack.testing.g"} == {*find_modules(tree.files, (), PLACES).modules}

    def test_is_what_python_finds_first(self, tmp_path: Path) -> None:
        """Of two places the earlier one, and a package before a module of its name."""
        wheels = installed(tmp_path / "wheels", {"a/__init__.py": "", "a.py": "", "b.py": ""})
        conda = installed(tmp_path / "conda", {"a.py": "", "b.py": "", "c.py": ""}, CONDA)

        found = find_modules((wheels + conda).files, (), PLACES).modules

        assert {"a": f"{PLACE}/a/__init__.py", "b": f"{PLACE}/b.py", "c": f"{CONDA}/c.py"} == {
            name: file.path for name, file in found.items()
        }

    def test_is_not_what_lies_outside_of_the_places(self, tmp_path: Path) -> None:
        """Programs and data of a conda prefix are no modules."""
        (tmp_path / "tool.py").write_text("")
        paths = (f"{LIBRARY}/os.py", "opt/conda/bin/tool.py", "opt/conda/share/x.py")
        tree = FileTree.of(TreeFile(path, tmp_path / "tool.py") for path in paths)

        assert ["os"] == [*find_modules(tree.files, (), PLACES).modules]


class TestFirst:
    def test_are_the_modules_of_what_was_asked_for(self, tmp_path: Path) -> None:
        """A pickle may name them; those that only others need are reached or not."""
        files = {"wanted:wanted/__init__.py": "", "wanted:wanted/_a.py": "", "needed:needed.py": ""}

        assert {"wanted", "wanted._a"} == begun_with(installed(tmp_path, files), "wanted")

    def test_lie_at_most_two_packages_deep(self, tmp_path: Path) -> None:
        """Below the package's own top, which may lie in a namespace."""
        deep = ("azure/ai/__init__.py", "azure/ai/b/__init__.py", "azure/ai/b/c.py")
        files = {f"azure_ai:{path}": "" for path in (*deep, "azure/ai/b/x/__init__.py", "azure/ai/b/x/y.py")}

        assert {"azure.ai", "azure.ai.b", "azure.ai.b.c", "azure.ai.b.x"} == begun_with(
            installed(tmp_path, files), "azure-ai"
        )

    def test_are_those_of_its_needs_where_a_package_has_none(self, tmp_path: Path) -> None:
        """Such packages only name others; an extra that nobody asked for is none of them."""
        files = {
            "all:all.txt": "",
            "all-1.0.dist-info/METADATA": "Requires-Dist: Part_One>=1\nRequires-Dist: two; extra == 'x'\n",
            "part_one:one.py": "",
            "two:two.py": "",
        }

        assert {"one"} == begun_with(installed(tmp_path, files), "all")

    def test_are_those_of_conda_packages(self, tmp_path: Path) -> None:
        """By lists of their own, as names differ; and the standard library, which Python reads."""
        tree = installed(tmp_path / "a", {"torch/__init__.py": "", "torch/x.py": "", "other.py": ""}, CONDA)
        record = tmp_path / "record"
        listed = ["lib/python3.12/site-packages/torch/__init__.py", "lib/python3.12/site-packages/torch/x.py"]
        record.write_text(json.dumps({"files": listed}))
        (tmp_path / "os.py").write_text("")
        more = [
            TreeFile("opt/conda/conda-meta/pytorch-2.1.0-py312_0.json", record),
            TreeFile(f"{LIBRARY}/os.py", tmp_path / "os.py"),
        ]

        assert {"torch", "torch.x", "os"} == begun_with(tree + FileTree.of(more), "pytorch")

    @pytest.mark.parametrize("record", ["\0", '"', "[1"])
    def test_are_none_where_a_list_cannot_be_read(self, record: str, tmp_path: Path) -> None:
        """Packages write it themselves."""
        tree = installed(tmp_path, {"one:one.py": ""})
        (tmp_path / "one-1.0.dist-info" / "RECORD").write_text(record)

        assert set() == begun_with(tree, "one")

    def test_are_also_those_of_models_that_are_loaded(self) -> None:
        """Of skops, by which MLflow loads what has scikit-learn's interface."""
        request = EnvironmentRequest(None, None, (Requirement("skops", "skops==0.16.0"),))

        assert {"scikit-learn", "skops"} == asked_for(request)

    def test_follow_from_the_environment_file_alone(self, tmp_path: Path) -> None:
        """The server and its library are ours, whoever names them."""
        named = ("scikit-learn", "azureml-inference-server-http", "azure-functions")
        requirements = tuple(Requirement(name, name) for name in named)
        conda = CondaRequest((Spec("Lightgbm=4", "lightgbm", Location(tmp_path)),), (), "")

        assert {"scikit-learn", "lightgbm"} == asked_for(EnvironmentRequest(None, None, requirements, conda=conda))


class TestImports:
    def test_lead_to_modules_and_the_packages_above_them(self, tmp_path: Path) -> None:
        """In each of the ways in which a module can name another."""
        files = {
            "a.py": "import b.c as d, os\nfrom e import f, g\nfrom h import *\nimport n.o, nothing\n",
            "b/__init__.py": "from .x import y\nfrom . import z\n",
            "b/c.py": "from .. import above\nfrom ..e import k\n",
            "b/x/__init__.py": "from ..w import *\n",
            "e/__init__.py": "class A:\n    from e.inner import x\n",
            "h.py": "try:\n    import i\nexcept ImportError:\n    import j\n",
            **dict.fromkeys(("b/z.py", "b/w.py", "e/f.py", "e/inner.py", "e/k.py", "i.py", "j.py", "n/o.py"), ""),
            **dict.fromkeys(("b/unread.py", "e/unread.py", "above.py", "unread.py"), ""),
        }

        unread = {"b/unread", "e/unread", "above", "unread", "e/k"}
        assert {name.removesuffix(".py") for name in files} - unread == led_to(files, "a", tmp_path)

    @pytest.mark.parametrize(
        "minor",
        [MINOR, *(pytest.param(one, marks=pytest.mark.exhaustive) for one in ("3.10", "3.11", "3.12", "3.13"))],
    )
    def test_for_type_checkers_and_inside_functions_do_not_count(self, minor: str, tmp_path: Path) -> None:
        """They happen later, or never; a module's own `__getattr__` brings what the module has."""
        many = "".join(f"x{number} = {number}.5\n" for number in range(400))
        files = {
            "a.py": f"""
import typing as t
from typing import TYPE_CHECKING
{many}
if TYPE_CHECKING:
    import no1
    if x1:
        import no2
else:
    import yes1
if t.TYPE_CHECKING and x2:
    from no3 import x
if not TYPE_CHECKING:
    import yes2
if TYPE_CHECKING or x3:
    import yes3
def f():
    import no4
def __getattr__(name):
    import yes4
    raise AttributeError(name)
class B:
    import yes5
    def __getattr__(self, name):
        import no5
import yes6
""",
            **{f"{name}{number}.py": "" for name in ("yes", "no") for number in range(1, 7)},
        }
        python = find_python(minor)
        if python is None:
            pytest.skip(f"no Python {minor} on this machine")

        assert {"a", *(f"yes{number}" for number in range(1, 7))} == led_to(files, "a", tmp_path, python)

    def test_lead_to_the_same_whatever_the_number_of_processes(self, tmp_path: Path) -> None:
        """A hundred modules in circles; one that is no Python leads nowhere."""
        files = {f"m{one}.py": f"import m{(one * 7 + 1) % 100}, m{(one * 3 + 2) % 100}\n" for one in range(100)}
        files |= {"m50.py": "import m51, broken\n", "broken.py": "import unread\ndef f(:\n", "unread.py": ""}

        one = led_to(files, "m0", tmp_path / "one")
        other = led_to(files, "m0", tmp_path / "two")

        assert one == other
        assert {"broken", "unread"}.isdisjoint(one)


class TestRuntime:
    def test_what_our_functions_do_not_import_is_not_followed(self) -> None:
        """The telemetry of the server: one list there, one here."""
        assert {telemetry.CLIENT: telemetry.LIBRARIES} == UNREAD

    def test_its_modules_are_begun_with(self, tmp_path: Path) -> None:
        """Although nobody asked for its packages."""
        path = f"{RUNTIME[0].replace('.', '/')}.py"

        assert {RUNTIME[0]} == begun_with(installed(tmp_path, {f"server:{path}": ""}))
