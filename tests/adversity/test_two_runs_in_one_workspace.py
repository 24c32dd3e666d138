"""Two runs in one workspace at the same time, and what a run that was killed has left there."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from functions_model.bundle.user_files import NEVER
from functions_model.ci.plain import PlainHost
from functions_model.cli.report_directory import ReportDirectory
from functions_model.core.failures import BundleFailed, InputsInvalid
from functions_model.core.report_names import BESIDE, MARKER, is_of_a_report
from functions_model.engine import Recipe, write_context
from functions_model.engine.beside import PREFIX, written_beside
from functions_model.engine.context import check_context
from functions_model.engine.own_dockerfile import read_own_dockerfile
from functions_model.image.files import FileTree, TreeFile
from functions_model.image.layers import LayerPlan
from functions_model.image.tree import read_tree
from support.adversity import Row, each
from support.projects import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

LOCK = "a==1 \\\n    --hash=sha256:aa\n"
FILES = 40
LINES = 10_000


def plan(run: str) -> LayerPlan:
    """A layer all of whose files say which run wrote them."""
    return LayerPlan("code", FileTree.of(TreeFile(f"f{number}", run.encode()) for number in range(FILES)))


def runs_in(folder: Path) -> list[str]:
    """Which runs have written the files of a context."""
    return sorted({file.read_text() for file in (folder / "functions-model/layers/code").iterdir()})


def write_as(run: str, folder: Path) -> None:
    """Write the context as a run."""
    write_context(Recipe(base="x"), [plan(run)], LOCK, folder)


def left_beside(folder: Path) -> list[str]:
    """Folders that stand beside a context and belong to no run."""
    return sorted(path.name for path in folder.iterdir() if path.name.startswith(PREFIX))


class TestTwoRuns:
    def test_a_dozen_write_the_same_folder(self, tmp_path: Path) -> None:
        """All of them end well; what is there in the end is the whole of one of them."""
        with ThreadPoolExecutor(6) as beside:
            for one in [beside.submit(write_as, str(number), tmp_path / "out") for number in range(12)]:
                one.result()

        assert 1 == len(runs_in(tmp_path / "out"))
        assert FILES == len(list((tmp_path / "out/functions-model/layers/code").iterdir()))
        assert [] == left_beside(tmp_path)


class TestReports:
    """Runs that write into one `report-directory`."""

    def test_a_dozen_write_at_once(self, tmp_path: Path) -> None:
        """Whoever looks meanwhile sees the whole of one of them, or nothing; nobody is refused."""
        told: list[str] = []
        log = tmp_path / "out/log.txt"

        def report(run: str) -> None:
            stream = io.StringIO()
            directory = ReportDirectory(tmp_path / "out", tmp_path)
            directory.noting(PlainHost(io.StringIO())).info(f"{run}\n" * LINES)
            directory.write(None, [], {}, PlainHost(stream))
            told.append(stream.getvalue())

        with ThreadPoolExecutor(6) as beside:
            runs = [beside.submit(report, f"run-{number:02}") for number in range(12)]
            while not all(one.done() for one in runs):
                with suppress(FileNotFoundError):
                    seen = log.read_text().split()
                    told.append("" if len(seen) == LINES and len(set(seen)) == 1 else "half")

        assert {""} == set(told)
        assert {"log.txt", MARKER} == {path.name for path in (tmp_path / "out").iterdir()}

    def test_a_killed_one_leaves_a_part(self, tmp_path: Path) -> None:
        """It goes when it is a minute old: a younger one may be another run's."""
        (tmp_path / "out").mkdir()
        for name, age in (("old", 100), ("young", 0)):
            (tmp_path / "out" / f"{BESIDE}{name}").touch()
            os.utime(tmp_path / "out" / f"{BESIDE}{name}", (time.time() - age,) * 2)

        ReportDirectory(tmp_path / "out", tmp_path).write(None, [], {}, PlainHost(io.StringIO()))

        assert {f"{BESIDE}young", MARKER} == {path.name for path in (tmp_path / "out").iterdir()}
        assert is_of_a_report(tmp_path / "out" / f"{BESIDE}young")


@dataclass(frozen=True)
class Case:
    """Something that happens while a run writes its context.

    Attributes:
        happens: Does it; gets the workspace, in which `out` is being written.
        raises: How the run ends; None when it ends well.
        runs: Which runs have written what is there in the end.
    """

    happens: Callable[[Path], object]
    raises: type[Exception] | None = None
    runs: tuple[str, ...] = ("this",)


def _foreign(workspace: Path) -> None:
    (workspace / "out").mkdir()
    (workspace / "out/mine").write_text("x")


def _writes(workspace: Path) -> None:
    write_as("b", workspace / "out")


def _removes(workspace: Path) -> None:
    write_as("b", workspace / "out")
    subprocess.run(["rm", "-r", str(workspace / "out")], check=True)


def _dies(workspace: Path) -> None:
    """A run is killed while it writes; a minute passes."""
    code = (
        "import os, signal, sys\nfrom pathlib import Path\nfrom functions_model.engine.beside import written_beside\n"
        "with written_beside(Path(sys.argv[1]), lambda _: None) as fresh:\n"
        "    (fresh / 'half').write_text('x')\n    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", code, str(workspace / "out")], check=False)
    assert -signal.SIGKILL == ended.returncode
    for left in workspace.glob(f"{PREFIX}*"):
        if (left / "half").exists():
            os.utime(left, (time.time() - 3600,) * 2)
    write_as("next", workspace / "out")


ROWS = [
    Row(
        "another run writes the same folder and ends first",
        "ours is there",
        Case(lambda at: write_as("b", at / "out")),
        "R11",
    ),
    Row("a run for another folder beside it", "both are there", Case(lambda at: write_as("b", at / "other")), "R11"),
    Row("another run is killed half-way", "the next one removes what it left", Case(_dies), "R11"),
    Row("somebody makes a folder of that name", "refused, and theirs stays", Case(_foreign, InputsInvalid, ()), "R11"),
    Row(
        "the former context is removed meanwhile",
        "ours is there",
        Case(_removes),
    ),
]


class TestBeside:
    @each(ROWS)
    def test_what_happens_meanwhile(self, row: Row[Case], tmp_path: Path) -> None:
        """The folder is whole, and nothing is left beside it."""

        def run() -> None:
            with written_beside(tmp_path / "out", check_context) as fresh:
                write(fresh, {"functions-model/made-by-functions-model": b"", "functions-model/layers/code/f": b"this"})
                row.case.happens(tmp_path)

        if row.case.raises:
            with pytest.raises(row.case.raises):
                run()
        else:
            run()

        whole = (tmp_path / "out/functions-model/layers/code").is_dir()
        assert list(row.case.runs) == (runs_in(tmp_path / "out") if whole else [])
        assert [] == left_beside(tmp_path)

    def test_a_run_that_fails_leaves_the_former_context(self, tmp_path: Path) -> None:
        """What was there stays whole."""
        write_as("before", tmp_path / "out")
        gone = LayerPlan("code", FileTree.of([TreeFile("f", tmp_path / "gone", length=1)]))

        with pytest.raises(BundleFailed):
            write_context(Recipe(base="x"), [gone], LOCK, tmp_path / "out")

        assert ["before"] == runs_in(tmp_path / "out")
        assert [] == left_beside(tmp_path)

    def test_a_run_that_still_writes_is_left_alone(self, tmp_path: Path) -> None:
        """Its lock tells it from one that was killed, however long it takes."""
        with written_beside(tmp_path / "slow", lambda _: None) as fresh:
            os.utime(fresh, (time.time() - 3600,) * 2)
            write_as("quick", tmp_path / "out")

            assert fresh.is_dir()


@pytest.fixture
def being_written(tmp_path: Path) -> Iterator[Path]:
    """A folder with a script and a Dockerfile, in which another run writes its context."""
    write(tmp_path / "src", {"score.py": "x", "Dockerfile": "FROM a\nCOPY . /\n"})
    with written_beside(tmp_path / "src/out", lambda _: None) as fresh:
        (fresh / "half").write_text("x")
        yield tmp_path / "src"


class TestOtherBuilders:
    def test_no_run_packs_what_another_one_writes(self, being_written: Path) -> None:
        """Builder `layers` leaves the folder out of the code."""
        tree = read_tree(being_written, "c", root=being_written, exclude=NEVER)

        assert ["c/Dockerfile", "c/score.py"] == [file.path for file in tree.files]

    def test_no_build_copies_what_another_one_writes(self, being_written: Path) -> None:
        """A Dockerfile of the user's own has its folder without it."""
        assert ("Dockerfile", "score.py") == read_own_dockerfile(being_written / "Dockerfile").files
