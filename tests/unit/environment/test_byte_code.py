"""Modules compiled beforehand: the same bytes each time, and those that Python itself would make."""

from __future__ import annotations

import importlib.util
import marshal
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.core.cancel import CANCEL, Ahead
from functions_model.environment.byte_code import CompilingFailed, compile_modules
from functions_model.environment.interpreters import find_compiler
from functions_model.environment.modules import Found
from functions_model.image.files import FileTree, TreeFile
from functions_model.image.layers import LayerPlan, build_layer
from functions_model.image.tree import read_tree
from support.tools import find_python

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PLACE = "opt/conda/lib/python3.12/site-packages"
MINOR, VERSION = ".".join(map(str, sys.version_info[:2])), sys.version.split()[0]
RUNNING = Path(sys.executable)

SHARED = '''
"""Constants that may be one object with those of other modules, or not."""

class Outer:
    class Inner:
        def method(self, x):
            return x in {"_PRAGMA", "semi-colon", "{", 1, 2.5, b"x"}

    def other(self, x):
        return x in {"semi-colon", "_PRAGMA", 2.5, "{", b"x", 1}, ("{", ("}", "Outer.Inner"))

names = [lambda: "<lambda>" for one in range(3)]
texts = [str(one) for one in (1, 70000, -5, 2**80)], "Outer.Inner", "<listcomp>", "<genexpr>"
made = dict(a_name={"_PRAGMA", "x y"}, **{"x": 1})
'''
FILES = {
    "shared/__init__.py": SHARED,
    "shared/again.py": SHARED,
    "shared/more.py": SHARED.replace("Outer", "Shared"),
    "broken.py": "def f(:\n",
    "null.py": "x = 1\0",
    "latin.py": "# -*- coding: latin-1 -*-\nx = '\xe4'\n",
    "ünï.py": "ä = 1\n",
}


def written(folder: Path, files: dict[str, str]) -> FileTree:
    """Modules on the disk, as an image would have them."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode("latin-1" if name == "latin.py" else "utf-8"))
    return read_tree(folder, PLACE, root=folder)


def found(modules: Iterable[TreeFile]) -> Found:
    """All of them, whatever imports them."""
    named = {file.path.removeprefix(f"{PLACE}/").removesuffix(".py").replace("/", "."): file for file in modules}
    return Found(named, tuple(sorted(named)))


def compiled(
    modules: Iterable[TreeFile],
    work: Path,
    *,
    minor: str = MINOR,
    python: Path = RUNNING,
    environ: Mapping[str, str] = {},
) -> dict[str, bytes]:
    """The files by their names below the place."""
    tree = compile_modules(found(modules), minor, python, work=work, environ=environ)
    return {file.path.removeprefix(f"{PLACE}/"): Path(str(file.content)).read_bytes() for file in tree.files}


def cached(name: str) -> str:
    folder, _, last = name.rpartition("/")
    path = f"__pycache__/{last.removesuffix('.py')}.cpython-{MINOR.replace('.', '')}.pyc"
    return f"{folder}/{path}" if folder else path


class TestByteCode:
    def test_is_what_python_imports(self, tmp_path: Path) -> None:
        """Of a file with a hash that is not checked; paths in it are those of the image."""
        made = compiled(written(tmp_path / "in", FILES).files, tmp_path / "out")

        content = made[cached("shared/__init__.py")]
        names: dict[str, Any] = {}
        code = marshal.loads(content[16:])  # noqa: S302
        exec(code, names)  # noqa: S102 - a test's own module

        assert importlib.util.MAGIC_NUMBER + b"\1\0\0\0" + importlib.util.source_hash(SHARED.encode()) == content[:16]
        assert f"/{PLACE}/shared/__init__.py" == code.co_filename
        assert "Outer.Inner" == names["Outer"].Inner.__qualname__
        assert (True, ("{", ("}", "Outer.Inner"))) == names["Outer"]().other(2.5)

    def test_leaves_out_what_python_would_refuse(self, tmp_path: Path) -> None:
        """Some packages bring files for other Pythons."""
        made = compiled(written(tmp_path / "in", FILES).files, tmp_path / "out")

        assert {cached(name) for name in FILES if name not in {"broken.py", "null.py"}} == {*made}

    def test_is_the_same_whatever_was_compiled_before(self, tmp_path: Path) -> None:
        """In another order, in another folder, with other settings, and each alone."""
        there = {"PYTHONHASHSEED": "7", "LANG": "C", "PYTHONOPTIMIZE": "2", "PYTHONSTARTUP": "/x"}
        one = compiled(written(tmp_path / "one", FILES).files, tmp_path / "o")
        tree = written(tmp_path / "another" / "folder", FILES)
        other = compiled(tree.files[::-1], tmp_path / "p", environ=there)
        alone = compiled([tree.files[-2]], tmp_path / "q")

        assert one == other
        assert one.items() > alone.items()

    def test_of_nothing_is_nothing(self, tmp_path: Path) -> None:
        """An environment without a module has no byte code."""
        assert {} == compiled([], tmp_path)

    def test_is_not_made_by_an_interpreter_that_breaks_off(self, tmp_path: Path) -> None:
        """What it said last is the reason."""
        bad = tmp_path / "python"
        bad.write_text("#!/bin/sh\necho one >&2; echo broken >&2; exit 3\n")
        bad.chmod(0o755)

        with pytest.raises(CompilingFailed, match=r"^broken$"):
            compiled(written(tmp_path / "in", FILES).files, tmp_path / "out", python=bad)

    def test_that_nobody_needs_any_more_ends(self, tmp_path: Path) -> None:
        """As after a failure elsewhere: the run waits for no compiler."""
        slow = tmp_path / "python"
        slow.write_text("#!/bin/sh\nexec sleep 30\n")
        slow.chmod(0o755)
        tree, ahead = written(tmp_path / "in", FILES), Ahead()

        with ThreadPoolExecutor(1) as pool:
            work = partial(compiled, tree.files, tmp_path / "out", python=slow)
            made = pool.submit(CANCEL.ahead, ahead, work)
            while not ahead.ends:
                time.sleep(0.01)
            CANCEL.drop(ahead)

            with pytest.raises(CompilingFailed, match="SIGKILL"):
                made.result(10)

    @pytest.mark.exhaustive
    @pytest.mark.parametrize("minor", ["3.10", "3.11", "3.12", "3.13"])
    def test_is_the_same_for_every_minor(self, minor: str, tmp_path: Path) -> None:
        """With all of the standard library that this machine has compiled before, and after."""
        python = find_python(minor)
        if python is None:
            pytest.skip(f"no Python {minor} on this machine")
        library = read_tree(Path(os.__file__).parent / "email", PLACE, root=Path(os.__file__).parent / "email")
        tree = written(tmp_path / "in", FILES) + modules_tree(library)

        one = compiled(tree.files, tmp_path / "o", minor=minor, python=python)
        other = compiled(tree.files[::-1], tmp_path / "p", minor=minor, python=python)

        assert len(one) > len(FILES)
        assert one == other

    def test_makes_a_layer(self, tmp_path: Path) -> None:
        """Of the same bytes each time, too."""
        trees = [
            compile_modules(
                found(written(tmp_path / name, FILES).files), MINOR, RUNNING, work=tmp_path / f"{name}-out", environ={}
            )
            for name in ("a", "b")
        ]
        digests = {build_layer(LayerPlan("byte code", tree), tmp_path / "spool").digest for tree in trees}

        assert 1 == len(digests)


def modules_tree(tree: FileTree) -> FileTree:
    """The modules alone."""
    return FileTree(tuple(file for file in tree.files if file.path.endswith(".py")))


class TestInterpreter:
    def test_is_of_the_very_version(self, tmp_path: Path) -> None:
        """Another patch release is none."""
        patch = sys.version_info.micro + 1

        assert RUNNING == find_compiler(VERSION, {})
        assert find_compiler(f"{MINOR}.{patch}", {"HOME": str(tmp_path)}) is None

    @pytest.mark.parametrize(
        ("variable", "where"),
        [
            ("PYENV_ROOT", "versions/3.9.999/bin/python3.9"),
            ("UV_PYTHON_INSTALL_DIR", "cpython-3.9.999-linux-x86_64-gnu/bin/python3.9"),
            ("PATH", "python3.9"),
        ],
    )
    def test_is_found_where_it_lies(self, variable: str, where: str, tmp_path: Path) -> None:
        """Among those of pyenv and uv, and on PATH."""
        program = stand_in(tmp_path / where, "cpython 3.9.999 -")

        assert program == find_compiler("3.9.999", {variable: str(tmp_path)})

    @pytest.mark.parametrize("answer", ["cpython 3.9.998 -", "pypy 3.9.999 -", "cpython 3.9.999 t", "", "3.9.999"])
    def test_is_no_other_build(self, answer: str, tmp_path: Path) -> None:
        """One without the global lock gives other byte code."""
        stand_in(tmp_path / "python3.9", answer)

        assert find_compiler("3.9.999", {"PATH": str(tmp_path)}) is None


def stand_in(program: Path, answer: str) -> Path:
    """An interpreter that says of itself what the test wants."""
    program.parent.mkdir(parents=True, exist_ok=True)
    program.write_text(f"#!/bin/sh\necho '{answer}'\n")
    program.chmod(0o755)
    return program
