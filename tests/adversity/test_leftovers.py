"""What runs leave in temporary folders that were ended by force: the next one removes it, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.ci.own_folder import own_folder
from functions_model.engine.compiling import remove_stale
from support.adversity import Row, each
from support.console import console_environ
from support.hostile_runs import SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.hostile_runs import HoldingRegistry, Place

HERE = Path("/proc/sys/kernel/random/boot_id").read_text()
OTHER = "00000000-0000-4000-8000-000000000000\n"
MINUTE, HOUR, DAY = 60, 3600, 86400


def left(place: Path, boot: str | None = HERE, *, age: int = 0, name: str = "functions-model-abc") -> Path:
    """A folder as a run has it; without a mark when no boot is given."""
    folder = place / name
    (folder / "work").mkdir(parents=True)
    (folder / "work" / "layer").write_bytes(b"1")
    if boot is not None:
        (folder / "in-use").write_text(boot)
        os.utime(folder / "in-use", (time.time() - age,) * 2)
    os.utime(folder, (time.time() - age,) * 2)
    return folder


def emptied(folder: Path) -> Path:
    """Without what was in it."""
    (folder / "work" / "layer").unlink()
    (folder / "work").rmdir()
    return folder


def linked(place: Path) -> Path:
    """A link of such a name that leads elsewhere."""
    (place / "functions-model-abc").symlink_to(left(place, name="other"))
    return place / "other"


def a_file(place: Path) -> Path:
    """A file of such a name."""
    (place / "functions-model-abc").touch()
    return place / "functions-model-abc"


def with_odd_mark(place: Path) -> Path:
    """What should be a file is a folder."""
    folder = left(place, None)
    (folder / "in-use").mkdir()
    return folder


def of_another_user(place: Path) -> Path:
    """Whoever runs these tests has not made it."""
    folder = left(place)
    os.chown(folder, 12345, 12345)
    return folder


@dataclass(frozen=True)
class Left:
    """What lies there, and whether the next run leaves it."""

    make: Callable[[Path], Path]
    stays: bool


UNNAMED = ".functions-model-abc"
ROWS = [
    Row("the owner was killed a moment ago", "removed", Left(left, stays=False), "R16"),
    Row("the owner was killed days ago", "removed", Left(lambda at: left(at, age=9 * DAY), stays=False), "R16"),
    Row("killed while it tidied up", "removed", Left(lambda at: emptied(left(at)), stays=False), "R16"),
    Row("killed as the last of it went", "removed", Left(lambda at: emptied(left(at, None)), stays=False), "R16"),
    Row("the owner may be on another machine", "stays", Left(lambda at: left(at, OTHER, age=DAY), stays=True)),
    Row("another machine's, a week old", "removed", Left(lambda at: left(at, OTHER, age=8 * DAY), stays=False)),
    Row("the owner is about to lock it", "stays", Left(lambda at: left(at, name=UNNAMED, age=MINUTE), stays=True)),
    Row("killed before it was locked", "removed", Left(lambda at: left(at, name=UNNAMED, age=2 * HOUR), stays=False)),
    Row("somebody's folder has such a name", "stays", Left(lambda at: left(at, None, age=9 * DAY), stays=True)),
    Row("a link has such a name", "what it leads to stays", Left(linked, stays=True)),
    Row("a file has such a name", "stays", Left(a_file, stays=True)),
    Row("the mark is a folder", "stays", Left(with_odd_mark, stays=True)),
]


@each(ROWS)
def test_the_next_run(row: Row[Left], tmp_path: Path) -> None:
    """It goes on whatever lies there."""
    made = row.case.make(tmp_path)

    with own_folder(tmp_path) as folder:
        assert [] == list(folder.iterdir())

    assert row.case.stays == made.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder to somebody else")
def test_another_users_stays(tmp_path: Path) -> None:
    """What a kill of theirs leaves is theirs."""
    made = of_another_user(tmp_path)

    with own_folder(tmp_path):
        assert made.exists()


HOLDS = """
import pathlib, sys, time
from functions_model.ci.own_folder import own_folder
with own_folder(pathlib.Path(sys.argv[1])) as folder:
    print(folder, flush=True)
    time.sleep(99)
"""


def test_of_a_live_process_stays_whatever_its_age(tmp_path: Path) -> None:
    """And it goes once that is killed: nothing is asked about process ids, which others may have in the meantime."""
    command = [sys.executable, "-c", HOLDS, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=console_environ(), text=True) as process:
        assert process.stdout is not None
        alive = Path(process.stdout.readline().strip())
        for path in (alive.parent, alive.parent / "in-use"):
            os.utime(path, (1, 1))
        with own_folder(tmp_path):
            assert alive.exists()
        process.kill()

    with own_folder(tmp_path):
        assert not alive.exists()


class Engine:
    """A container engine that has containers of these ages, which have come to their end."""

    def __init__(self, **ages: float) -> None:
        self.there = {name: time.time() - age for name, age in ages.items()}

    def containers(self, **how: Any) -> list[dict[str, Any]]:
        """Only those that are ours, and over."""
        assert how == {"all": True, "filters": {"label": "functions-model-compiling", "status": OVER}}
        return [{"Id": name, "Created": made} for name, made in self.there.items()]

    def remove_container(self, name: str, **_: Any) -> None:
        """Take it away."""
        del self.there[name]


OVER = ["created", "exited", "dead"]
CONTAINERS = [
    Row("killed while a package was compiled, days ago", "its container goes", {"old": (2 * DAY, False)}, "R16"),
    Row("a package is compiled beside it", "its container stays", {"new": (2 * HOUR, True)}),
]


@each(CONTAINERS)
def test_containers(row: Row[dict[str, tuple[float, bool]]]) -> None:
    """Of runs that were killed, a day later: another run may be about to look into one that has just ended."""
    engine = Engine(**{name: age for name, (age, _) in row.case.items()})

    remove_stale(engine)

    assert {name for name, (_, stays) in row.case.items() if stays} == set(engine.there)


KILLS = [
    Row("killed while the base is read", "the next run removes what it left", "GET .*/base/manifests", "R16"),
    Row("killed while a layer is sent", "the next run removes what it left", "P(ATCH|UT) .*/uploads/", "R16"),
    Row("killed as the image gets its tag", "the next run removes what it left", "PUT .*/manifests/", "R16"),
]


@pytest.mark.exhaustive
@each(KILLS)
def test_kills(row: Row[str], place: Place, registry: HoldingRegistry) -> None:
    """With SIGKILL; the run after it has the same image."""
    registry.hold = row.case
    with place.start() as process:
        assert registry.held.wait(SECONDS)
        process.kill()
    assert place.left()

    registry.hold = ""
    registry.go.set()
    with place.start() as process:
        said = process.communicate(timeout=SECONDS)[0].decode()

    assert 0 == process.returncode, said
    assert [] == place.left()


@pytest.mark.exhaustive
def test_two_at_once(tmp_path: Path) -> None:
    """Four processes make and remove folders, as fast as they can: none loses one that it has."""
    program = (
        "import pathlib\nfrom functions_model.ci.own_folder import own_folder\nfor _ in range(300):\n"
        f"    with own_folder(pathlib.Path({str(tmp_path)!r})) as folder:\n        (folder / 'file').write_text('x')\n"
    )
    processes = [subprocess.Popen([sys.executable, "-c", program], env=console_environ()) for _ in range(4)]

    assert [0, 0, 0, 0] == [process.wait(SECONDS) for process in processes]
    assert [] == list(tmp_path.iterdir())
