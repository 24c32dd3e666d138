"""Real disks without space, or without inodes, or that can only be read: file systems in memory, mounted."""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_AS_ROOT = () if os.geteuid() == 0 else ("sudo", "-n")


@contextmanager
def small_disk(folder: Path, options: str) -> Iterator[None]:
    """A disk at a folder.

    Args:
        folder: Empty.
        options: As `mount` takes them: `size=8k`, `nr_inodes=12`, `ro`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    given = f"{options},uid={os.getuid()},gid={os.getgid()}"
    _run("mount", "-t", "tmpfs", "-o", given, "tmpfs", str(folder))
    try:
        yield
    finally:
        _run("umount", "--lazy", str(folder))


def mount_missing() -> str:
    """Why this machine mounts nothing; empty where it does."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            with small_disk(Path(folder), "size=4k"):
                return ""
        except (OSError, subprocess.CalledProcessError) as error:
            return f"nothing can be mounted here, not by `sudo -n` either ({error})"


def _run(*command: str) -> None:
    subprocess.run([*_AS_ROOT, *command], check=True, capture_output=True)
