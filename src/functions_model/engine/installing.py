"""How packages that must be compiled are installed inside an image: by uv, with the image's own Python.

uv is brought along, since a base image need not have pip. It stays out of the image that is made.
"""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from packaging.utils import canonicalize_name
from uv import find_uv_bin

from functions_model.core.failures import EnvironmentFailed, Problem
from functions_model.environment.request import IndexSettings
from functions_model.environment.requirement_options import links_out
from functions_model.environment.uv_process import IMAGE_PLATFORM, NEXT_TOO, UvRefused, run_uv

INSTALLER = "/functions-model-installer"
"""The folder inside the container with uv and what it installs."""
INSTALLED = "/functions-model-packages"
"""Where the packages are put inside the container."""
LOCK_FILE = "compiled.lock"
_ENTRY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def install_command(python_version: str, options: Sequence[str] = ()) -> list[str]:
    """The command inside the container. Every file's hash is checked, and nothing that is not locked is installed.

    Args:
        python_version: The minor of the image's Python, which must be on its PATH.
        options: More of uv's options.
    """
    return [
        *(f"{INSTALLER}/uv", "pip", "install", "--no-config", "--color", "never", "--no-cache", "--link-mode", "copy"),
        *("--python", python_version, "--no-python-downloads", "--target", INSTALLED),
        *("--no-deps", "--require-hashes", "--requirements", f"{INSTALLER}/{LOCK_FILE}"),
        *options,
    ]


def link_folders(indexes: IndexSettings) -> dict[str, Path]:
    """The folders with packages that an environment file names, by where they lie in the installer's folder."""
    found = enumerate(place for place in indexes.find_links if isinstance(place, Path))
    return {f"links/{number}": folder for number, folder in found}


def index_options(indexes: IndexSettings) -> list[str]:
    """What an environment file says of indexes, as options for uv. URLs are left out: they may hold a login."""
    options = [*(("--no-index",) if indexes.no_index else ()), *(NEXT_TOO if indexes.next_too else ())]
    options += [part for host in indexes.trusted_hosts for part in ("--allow-insecure-host", host)]
    return options + [part for name in link_folders(indexes) for part in ("--find-links", f"{INSTALLER}/{name}")]


def locked_lines(lock_text: str, names: Sequence[str]) -> str:
    """The entries of these packages in a lock, each with its hashes.

    Raises:
        ValueError: A package is not in the lock: an error of the caller.
    """
    wanted = {canonicalize_name(name) for name in names}
    entries = re.split(r"(?<!\\)\n", lock_text)
    found = {canonicalize_name(match[0]): entry for entry in entries if (match := _ENTRY.match(entry))}
    if missing := wanted - found.keys():
        raise ValueError(f"not in the lock: {', '.join(sorted(missing))}")
    return "".join(f"{found[name]}\n" for name in sorted(wanted))


def uv_for_image(work: Path, environ: Mapping[str, str]) -> Path:
    """A uv that runs in the image: this machine's own on Linux x86-64, else one that is fetched.

    Raises:
        EnvironmentFailed: It cannot be fetched.
    """
    if sys.platform == "linux" and platform.machine() == "x86_64":
        return Path(find_uv_bin())
    target = work / "uv"
    arguments = [
        *("install", f"uv=={version('uv')}", "--target", str(target.absolute())),
        *("--python-platform", IMAGE_PLATFORM, "--only-binary", ":all:"),
    ]
    work.mkdir(parents=True, exist_ok=True)
    try:
        run_uv(arguments, cwd=work, environ=environ, indexes=IndexSettings())
    except UvRefused as refusal:
        problem = Problem(refusal.words.splitlines()[-1], "Check that the package index can be reached.", "builder")
        raise EnvironmentFailed("fetch uv for the image", [problem], detail=refusal.words) from None
    return target / "bin" / "uv"


def installer_files(
    compiled: Sequence[str], lock_text: str, indexes: IndexSettings, *, work: Path, environ: Mapping[str, str]
) -> Iterator[tuple[str, Path | bytes, int]]:
    """What is put into the installer's folder: path in it, content, mode.

    Args:
        compiled: The packages to be compiled.
        lock_text: With their versions and hashes.
        indexes: Of its folders with packages, all files.
        work: A folder for files on the way.
        environ: The process environment.

    Raises:
        EnvironmentFailed: uv for the image cannot be fetched, or a link leads out of a folder with packages.
    """
    yield "uv", uv_for_image(work, environ), 0o755
    yield LOCK_FILE, locked_lines(lock_text, compiled).encode(), 0o644
    for name, folder in link_folders(indexes).items():
        if led := links_out(folder, indexes.root):  # when the file was read, nothing did
            what = f"`{led[0]}` leads to `{led[1]}`, outside `{indexes.root}`"
            problem = Problem(what, "Copy it into the workspace.", "environment-file")
            raise EnvironmentFailed("bring the packages along", [problem])
        for path in sorted(folder.iterdir()):
            if path.is_file():
                yield f"{name}/{path.name}", path.resolve(), 0o644
