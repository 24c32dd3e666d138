"""Collect what an environment needs to run into a new root: its Python, and the system's files behind both.

The Dockerfile runs this in a build stage, with the base image's own Python, and makes the final image of nothing but
the new root and the environment. Where Python lies is asked of Python, so that any base image with glibc serves.
Nothing else of the base image is kept but the few programs by which Kubernetes mode starts a step: no package manager.
"""

from __future__ import annotations

import compileall
import os
import py_compile
import shutil
import ssl
import subprocess
import sys
import sysconfig
from pathlib import Path

LEFT_OUT = (
    *("__pycache__", "test", "tests", "idlelib", "ensurepip", "tkinter", "turtledemo", "turtle.py", "lib2to3"),
    *("pydoc_data", "site-packages", "dist-packages", "EXTERNALLY-MANAGED", "config-*", "*.a"),
    *("_tkinter*", "_test*", "xxlimited*", "xxsubtype*", "_dbm*", "_gdbm*", "_curses*", "readline*"),
)
"""Of the standard library: what is never imported here, and what could only be used on a terminal."""

SYSTEM_FILES = (
    *("/etc/passwd", "/etc/group", "/etc/nsswitch.conf", "/etc/services", "/etc/protocols", "/etc/ld.so.cache"),
    *("/etc/os-release", "/etc/debian_version", "/usr/lib/locale/C.utf8"),
    *("/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/openssl.cnf"),
)
"""Users, names, the release, trust: those of them that the base image has."""

WHEELS_TAKE_FOR_GRANTED = (
    *("libgcc_s.so.1", "libstdc++.so.6", "libm.so.6"),
    *("libdl.so.2", "libpthread.so.0", "librt.so.1", "libutil.so.1"),
)
"""Libraries that a wheel for Linux expects (PEP 600), for packages that are installed on first use."""

STEP_PROGRAMS = (
    *("/bin/sh", "/usr/bin/env", "/usr/bin/tail", "/usr/bin/tar", "/usr/bin/find", "/usr/bin/stat"),
    *("/usr/bin/chmod", "/usr/bin/mv", "/usr/bin/rm"),
)
"""What the runner's hook for Kubernetes runs in a step's container: `tail` keeps it there, `tar`, `find`, `stat` and
`chmod` bring the workspace, and a script of `sh` with `mv` and `rm` ends in `exec env ... <entrypoint>`
(actions/runner-container-hooks cf62bcc, packages/k8s/src/hooks/run-container-step.ts, k8s/index.ts, k8s/utils.ts)."""

EMPTY_FOLDERS = {"tmp": 0o1777, "var/tmp": 0o1777, "root": 0o700}


def collect(environment: Path, root: Path) -> None:
    """Fill the new root.

    Args:
        environment: A virtual environment. It is not copied: it is only asked for what it needs.
        root: Does not exist.
    """
    for name, mode in EMPTY_FOLDERS.items():
        (root / name).mkdir(parents=True)
        (root / name).chmod(mode)
    _keep_merged_folders(root)
    _copy_standard_library(root)
    copy_chain(_base_python(environment), root)
    for name in (*SYSTEM_FILES, *STEP_PROGRAMS):
        _copy_any(Path(name), root)
    _copy_any(Path(ssl.get_default_verify_paths().openssl_cafile), root)
    binaries = _binaries(environment) + [Path("/", path.relative_to(root)) for path in _binaries(root)]
    for library in libraries(binaries):
        copy_chain(library, root)


def copy_chain(path: Path, root: Path) -> None:
    """Copy a file, and when it is a link each link on the way to it."""
    while path.is_symlink():
        place = _inside(root, path)
        if not place.is_symlink():
            place.parent.mkdir(parents=True, exist_ok=True)
            place.unlink(missing_ok=True)
            place.symlink_to(path.readlink())
        path = _target(path)
    place = _inside(root, path)
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, place)


def libraries(binaries: list[Path]) -> set[Path]:
    """The shared libraries that programs and modules load, the loader itself included.

    Raises:
        SystemExit: One is missing on this system, too: the image would not work.
    """
    told = subprocess.run(["ldd", *binaries], capture_output=True, text=True, check=False).stdout
    missing = sorted({line.split()[0] for line in told.splitlines() if line.endswith("not found")})
    if missing:
        sys.exit(f"Could not collect the image: the libraries {', '.join(missing)} are not in the base image.")
    words = {word for line in told.splitlines() for word in line.split()}
    found = {Path(word) for word in words if word.startswith("/") and not word.endswith(":")}
    folder = next(path.parent for path in found if path.name == "libc.so.6")
    return found | {folder / name for name in WHEELS_TAKE_FOR_GRANTED if (folder / name).exists()}


def _copy_standard_library(root: Path) -> None:
    """With bytecode, which official slim images do not have: a start would compile anew each time."""
    library = Path(sysconfig.get_path("stdlib"))
    copy = _inside(root, library)
    shutil.copytree(library, copy, symlinks=False, ignore=shutil.ignore_patterns(*LEFT_OUT))
    compileall.compile_dir(
        copy,
        quiet=1,
        stripdir=str(root),
        prependdir="/",
        invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
    )


def _keep_merged_folders(root: Path) -> None:
    """`/lib -> usr/lib` and its like, as the base image has them: the loader's path goes through one."""
    for name in ("bin", "sbin", "lib", "lib64"):
        if (folder := Path("/", name)).is_symlink():
            target = folder.readlink()
            _inside(root, target).mkdir(parents=True, exist_ok=True)
            (root / name).symlink_to(target)


def _copy_any(path: Path, root: Path) -> None:
    if path.is_dir():
        shutil.copytree(path, _inside(root, path))
    elif path.exists():
        copy_chain(path, root)


def _binaries(folder: Path) -> list[Path]:
    """Every program and shared library in a folder."""
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink() and _is_binary(path)]


def _is_binary(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _base_python(environment: Path) -> Path:
    """The first place outside of the environment that its interpreter's links lead to."""
    program = environment / "bin" / "python"
    while program.is_relative_to(environment):
        program = _target(program)
    return program


def _target(link: Path) -> Path:
    """Where a link leads, one step further."""
    return Path(os.path.normpath(link.parent / link.readlink()))


def _inside(root: Path, path: Path) -> Path:
    return root / str(path).lstrip("/")


if __name__ == "__main__":
    collect(Path(sys.argv[1]), Path(sys.argv[2]))
