"""Files are written all or none, and none is lost."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from functions_model.core.failures import InputsInvalid, Problem


@contextmanager
def written(files: Mapping[Path, str]) -> Iterator[None]:
    """Write files, each whole. What the block raises takes them back, as does what keeps one from being written.

    Args:
        files: Texts by absolute path; one that is there is replaced.

    Raises:
        InputsInvalid: One of them cannot be written.
    """
    with ExitStack() as undoing:
        for path, text in files.items():
            try:
                _write(path, text, undoing)
            except OSError as error:
                problem = Problem(f"`{path}` cannot be written: {error.strerror}", "Check the folder's permissions.")
                raise InputsInvalid("write the files", [problem]) from error
        yield
        undoing.pop_all()


def _write(path: Path, text: str, undoing: ExitStack) -> None:
    for folder in [one for one in reversed(path.parents) if not one.exists()]:
        folder.mkdir()
        undoing.callback(_remove_folder, folder)
    before = path.read_bytes() if path.exists() else None
    undoing.callback(_restore, path, before)
    _put(path, text.encode())


def _put(path: Path, content: bytes) -> None:
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        Path(beside).chmod(mode)
        Path(beside).replace(path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise


def _umask() -> int:
    now = os.umask(0)
    os.umask(now)
    return now


def _restore(path: Path, before: bytes | None) -> None:
    if before is None:
        path.unlink(missing_ok=True)
    else:
        path.write_bytes(before)


def _remove_folder(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()
