"""What a start has taken, as `check` tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from werkzeug.wrappers import Request, Response

from functions_model.payload.measured import START, Measures

if TYPE_CHECKING:
    from pathlib import Path


class Script:
    """Stands in for the server's class."""

    def load_script(self, root: str) -> str:
        return root

    def invoke_init(self) -> None:
        raise ValueError("bad")


def test_nothing_is_told_before_a_start() -> None:
    """Nor after one that has failed."""
    measures = Measures()
    with pytest.raises(OSError, match="gone"), measures.taking(START):
        raise OSError("gone")

    assert measures.document() is None


def test_steps_are_measured_unless_they_fail() -> None:
    """The class is as it was afterwards, whatever happens, and a server without such steps is none the worse."""
    measures, before = Measures(), dict(vars(Script))
    with measures.steps_of(Script), measures.taking(START):
        assert "root" == Script().load_script("root")
        with pytest.raises(ValueError, match="bad"):
            Script().invoke_init()
    with measures.steps_of(str):
        pass
    document = measures.document()

    assert dict(vars(Script)) == before
    assert document is not None
    assert {"start", "import"} == set(document["seconds"])


def test_first_score_counts() -> None:
    """Not the question whether `init()` has run, and no browser's."""
    measures = Measures()
    application = Request.application(lambda _: Response("well"))

    def ask(path: str, method: str) -> float | None:
        assert b"well" == measures.scored(application, {"PATH_INFO": path, "REQUEST_METHOD": method}).body
        return measures.seconds.get("first_answer")

    assert ask("/", "GET") is None
    assert ask("/score", "OPTIONS") is None
    first = ask("/score", "POST")
    assert first is not None
    assert first == ask("/score", "POST")


def account(folder: Path, status: str = "", **files: str) -> Any:
    """What is told of memory, by the kernel's files: the process's peak, the container's now, what there is."""
    (folder / "self").mkdir(exist_ok=True)
    (folder / "self" / "status").write_text(status)
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    measures = Measures(folder, folder)
    measures.seconds[START] = 1.0
    document = measures.document() or {}
    return document["peak_mib"], document["container_mib"], document["there_mib"]


def test_memory_is_the_kernels_word(tmp_path: Path) -> None:
    """Of the process its peak; of the container what cannot be let go of, which page caches can."""
    status, stat = "VmPeak:\t 9999999 kB\nVmHWM:\t  421888 kB\n", "anon 536870912\nfile 99999999999\nshmem 1048576\n"
    files = {"memory_current": "1", "memory_stat": stat, "meminfo": "MemTotal:        3670016 kB\n"}

    assert (412, 513, 3584) == account(tmp_path, status, **files, memory_max="max\n")
    assert (412, 513, 1024) == account(tmp_path, status, **files, memory_max="1073741824\n")


def test_memory_may_be_unknown(tmp_path: Path) -> None:
    """Another kernel's files, and a machine's account, which is no container's."""
    assert (None, None, None) == account(tmp_path, "", memory_stat="anon 1\n")
    assert (None, None, None) == account(tmp_path, "VmHWM: unknown", memory_stat="cache 1", memory_current="1")
