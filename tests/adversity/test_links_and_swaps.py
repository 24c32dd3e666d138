"""Links that lead out of the workspace, and files that become something else between a look and the packing of them."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import BundleFailed, EnvironmentFailed, InputsInvalid, NotLive, RuleBroken
from functions_model.engine import Recipe, write_context
from functions_model.engine.installing import installer_files
from functions_model.environment.reading import read_environment
from functions_model.environment.request import IndexSettings
from functions_model.image.files import read_at
from functions_model.image.layers import LayerPlan, build_layer
from functions_model.image.opened import opened, read_whole
from functions_model.image.tree import read_tree
from functions_model.inputs.paths import Workspace
from functions_model.verify.sample import sample_content
from support.adversity import Row, each
from support.projects import write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECRET = b"root:x:0:0:from outside"
LOCK = "a==1 \\\n    --hash=sha256:aa\n"


def swapped(name: str, target: str = "../outside/shadow") -> Callable[[Path], object]:
    """Put a link in the place of a file or a folder."""

    def swap(workspace: Path) -> None:
        place = workspace / name
        shutil.rmtree(place) if place.is_dir() else place.unlink()
        place.symlink_to(target if target.startswith("/") else workspace / target)

    return swap


def fifo(name: str) -> Callable[[Path], object]:
    """Put a named pipe in the place of a file: whoever opens it the usual way waits for ever."""

    def swap(workspace: Path) -> None:
        (workspace / name).unlink()
        os.mkfifo(workspace / name)

    return swap


def written(name: str, content: bytes) -> Callable[[Path], object]:
    """Write a file anew."""
    return lambda workspace: (workspace / name).write_bytes(content)


def into_a_folder(workspace: Path) -> None:
    """Put a folder in the place of a file."""
    (workspace / "src/a/x").unlink()
    (workspace / "src/a/x").mkdir()


@dataclass(frozen=True)
class Swap:
    """What becomes of a file between the look and the packing.

    Attributes:
        swap: Does it; gets the workspace.
        told: A part of what is told; empty when the new content is taken.
    """

    swap: Callable[[Path], object]
    told: str = ""


PUT = "a link has replaced it, or a folder above it"
SWAPS = [
    Row("a file becomes a link to one outside", "refused", Swap(swapped("src/a/x"), PUT), "R10"),
    Row("a large file becomes a link to one outside", "refused", Swap(swapped("src/a/large"), PUT), "R10"),
    Row("a file becomes a link to one beside it", "refused", Swap(swapped("src/a/x", "src/a/y"), PUT), "R10"),
    Row(
        "the folder of a file becomes a link to one outside",
        "refused",
        Swap(swapped("src/a", "../outside/a"), PUT),
        "R10",
    ),
    Row("a folder two above a file becomes a link", "refused", Swap(swapped("src", "../outside"), PUT), "R10"),
    Row("a file becomes a named pipe", "refused, not waited for", Swap(fifo("src/a/x"), "it is a named pipe"), "R10"),
    Row("a large file becomes a named pipe", "the same", Swap(fifo("src/a/large"), "it is a named pipe"), "R10"),
    Row(
        "a file becomes a link to a device without an end", "refused", Swap(swapped("src/a/x", "/dev/zero"), PUT), "R10"
    ),
    Row(
        "a file becomes a link to the process's variables",
        "refused",
        Swap(swapped("src/a/x", "/proc/self/environ"), PUT),
    ),
    Row(
        "a file becomes a folder",
        "refused",
        Swap(into_a_folder, "it is a folder"),
    ),
    Row("a small file grows", "refused", Swap(written("src/a/x", b"longer"), "its length changed"), "R10"),
    Row("a small file shrinks", "refused", Swap(written("src/a/x", b""), "its length changed")),
    Row("a large file grows", "refused", Swap(written("src/a/large", b"x" * 300_000), "its length changed")),
    Row("a large file shrinks", "refused", Swap(written("src/a/large", b"x"), "its length changed")),
    Row("a file vanishes", "refused", Swap(lambda at: (at / "src/a/x").unlink(), "No such file")),
    Row("the whole folder vanishes", "refused", Swap(lambda at: shutil.rmtree(at / "src"), "No such file")),
    Row("a file is replaced by one of the same length", "taken", Swap(written("src/a/x", b"9"))),
]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace with code, and beside it what nobody may read."""
    write(tmp_path / "workspace/src", {"a/x": b"1", "a/y": b"2", "a/large": b"l" * 200_000})
    write(tmp_path / "workspace/wheels", {"a-1-py3-none-any.whl": b"wheel"})
    outside = {"shadow": SECRET, "a/x": b"3", "a/y": b"4", "a/large": b"s" * 200_000, "large": b""}
    write(tmp_path / "outside", outside)
    return tmp_path / "workspace"


class TestSwaps:
    @each(SWAPS)
    def test_a_file_that_becomes_something_else(self, row: Row[Swap], workspace: Path) -> None:
        """What counts is what is opened: nothing from outside is packed, and nothing is waited for."""
        tree = read_tree(workspace / "src", "c", root=workspace)
        row.case.swap(workspace)
        plan, work = LayerPlan("code", tree), workspace.parent / "work"

        if not row.case.told:
            assert tree.size == build_layer(plan, work).tree_size
            return
        with pytest.raises(BundleFailed, match=row.case.told):
            build_layer(plan, work)

    @each(SWAPS[:9])
    def test_into_a_build_context(self, row: Row[Swap], workspace: Path) -> None:
        """The folder for `docker build` gets no such file either, neither as a link nor as a copy."""
        plan = LayerPlan("code", read_tree(workspace / "src", "c", root=workspace))
        row.case.swap(workspace)

        with pytest.raises(BundleFailed):
            write_context(Recipe(base="x"), [plan], LOCK, workspace / "out", root=workspace)
        assert ["src", "wheels"] == sorted(path.name for path in workspace.iterdir() if path.name != "out")
        assert not (workspace / "out").exists()

    @each([row for row in SWAPS[:9] if "large" not in row.done])
    def test_into_a_sample(self, row: Row[Swap], workspace: Path) -> None:
        """What decides how a layer is packed reads no other file."""
        [file] = [one for one in read_tree(workspace / "src", "c", root=workspace).files if one.path == "c/a/x"]
        row.case.swap(workspace)

        with pytest.raises(BundleFailed):
            read_at(file, [0], 10)


@dataclass(frozen=True)
class Led:
    """Something that reads or writes where a link leads.

    Attributes:
        does: Does it; gets the workspace.
        failure: How it ends.
        told: A part of what is told.
    """

    does: Callable[[Path], object]
    failure: type[Exception]
    told: str


def _links(workspace: Path) -> Path:
    (workspace / "wheels/shadow.whl").symlink_to(workspace / "../outside/shadow")
    return workspace / "wheels"


def _asks(workspace: Path) -> None:
    _links(workspace)
    (workspace / "requirements.txt").write_text("six\n--find-links wheels\n")
    read_environment(workspace / "requirements.txt", root=workspace)


def _brings(workspace: Path) -> None:
    settings = IndexSettings(find_links=(_links(workspace),), root=workspace)
    list(installer_files((), LOCK, settings, work=workspace / "w", environ=os.environ))


def _context(workspace: Path) -> None:
    (workspace / "out").symlink_to(workspace / "../outside")
    write_context(Recipe(base="x"), [], LOCK, workspace / "out", root=workspace)


def _context_below(workspace: Path) -> None:
    (workspace / "out").symlink_to(workspace / "../outside")
    write_context(Recipe(base="x"), [], LOCK, workspace / "out/new/inner", root=workspace)


def _context_in_circles(workspace: Path) -> None:
    (workspace / "out").symlink_to("out")
    write_context(Recipe(base="x"), [], LOCK, workspace / "out", root=workspace)


def _input(workspace: Path) -> None:
    (workspace / "out").symlink_to(workspace / "../outside")
    Workspace(workspace).to_write("out/inner")


def _sample(workspace: Path) -> None:
    fifo("src/a/x")(workspace)
    sample_content(workspace / "src/a/x")


LED = [
    Row(
        "a link in a folder of --find-links leads out",
        "told with its line",
        Led(_asks, EnvironmentFailed, "shadow.whl"),
        "R9",
    ),
    Row(
        "such a link is put there after the look",
        "nothing is brought along",
        Led(_brings, EnvironmentFailed, "outside"),
        "R9",
    ),
    Row(
        "build-context is a link that leads out", "nothing is written", Led(_context, InputsInvalid, "outside of"), "R9"
    ),
    Row("build-context lies below such a link", "the same", Led(_context_below, InputsInvalid, "outside of"), "R9"),
    Row(
        "build-context is a link to itself", "told as a circle", Led(_context_in_circles, InputsInvalid, "circle"), "R9"
    ),
    Row(
        "the input names a folder below such a link",
        "told at the start",
        Led(_input, RuleBroken, "leads by a link"),
        "R9",
    ),
    Row(
        "the sample becomes a named pipe after the deployment",
        "told; the app stands",
        Led(_sample, NotLive, "is deployed"),
    ),
]


class TestLinks:
    @each(LED)
    def test_a_link_that_leads_out(self, row: Row[Led], workspace: Path) -> None:
        """It is told, and outside everything stays as it is."""
        before = sorted(path.name for path in (workspace / "../outside").rglob("*"))

        with pytest.raises(row.case.failure) as failed:
            row.case.does(workspace)
        words = failed.value.what if isinstance(failed.value, RuleBroken) else str(failed.value)
        assert row.case.told in words
        assert before == sorted(path.name for path in (workspace / "../outside").rglob("*"))

    def test_a_link_within_the_workspace_is_brought_along(self, workspace: Path) -> None:
        """A wheel may lie elsewhere in the repository."""
        write(workspace / "dist", {"b-1-py3-none-any.whl": b"other"})
        (workspace / "wheels/b-1-py3-none-any.whl").symlink_to("../dist/b-1-py3-none-any.whl")
        settings = IndexSettings(find_links=(workspace / "wheels",), root=workspace)

        found = installer_files(("a",), LOCK, settings, work=workspace / "w", environ=os.environ)

        brought = {name: content for name, content, _ in found if name.startswith("links/")}
        assert {"links/0/a-1-py3-none-any.whl", "links/0/b-1-py3-none-any.whl"} == set(brought)


class TestOpening:
    def test_a_file_that_was_removed_while_it_is_open_is_read(self, tmp_path: Path) -> None:
        """What is open stays what it is."""
        file = tmp_path / "file (deleted)"
        file.write_bytes(b"x")

        with opened(file, real=True) as stream:
            file.unlink()
            assert b"x" == stream.read()

    def test_a_file_of_exactly_the_limit_is_read(self, tmp_path: Path) -> None:
        """One byte more is not."""
        (tmp_path / "file").write_bytes(b"x" * 1024)

        assert 1024 == len(read_whole(tmp_path / "file", 1024))
        with pytest.raises(OSError, match="larger"):
            read_whole(tmp_path / "file", 1023)
