"""The host's files: what both flavours hold at the paths of the real base images."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
import tempfile
from pathlib import Path

from azure_sandbox import functions_host
from azure_sandbox.base_images.cache import settle
from azure_sandbox.base_images.compiled import byte_code
from azure_sandbox.base_images.microsoft import PYTHON as MICROSOFTS
from azure_sandbox.base_images.wheels import install_wheels

HOST = "azure-functions-host"
HOST_VERSION = "4.1037.0.0"
START = "opt/startup/start_nonappservice.sh"
_WEB_HOST = f"{HOST}/Microsoft.Azure.WebJobs.Script.WebHost"
_WORKER_PACKAGES = {
    "3.12": ("azure-functions==1.26.0", "werkzeug==3.1.9", "markupsafe==3.0.4"),
    "3.13": ("azure-functions==2.3.0", "werkzeug==3.1.9", "markupsafe==3.0.4"),
}
"""What the worker brings along: the library's line up to Python 3.12, and the one from 3.13 on."""
_START_SCRIPT = """#!/bin/bash
# bash, as in the real images: sh would drop settings that have a dot in their name.
# Starts the host, as in the real images. The real script first installs certificates from /var/ssl/root.
exec "${ASPNETCORE_CONTENTROOT:-/azure-functions-host}/Microsoft.Azure.WebJobs.Script.WebHost"
"""
_WEB_HOST_SCRIPT = """#!/bin/bash
# Stands for the Functions host. A Python of its own, and -I: nothing that the app brings or sets changes the host's.
exec {python} -I "${{ASPNETCORE_CONTENTROOT:-/azure-functions-host}}/start_host.py"
"""
_START_HOST = """import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from functions_host.__main__ import main

main()
"""
_DEBIANS = "/usr/bin/python3"
_WORKER_CONFIG = {
    "description": {
        "language": "python",
        "defaultRuntimeVersion": "",
        "extensions": [".py"],
        "defaultExecutablePath": "python",
        "defaultWorkerPath": "%FUNCTIONS_WORKER_RUNTIME_VERSION%/{os}/{architecture}/worker.py",
    }
}


def environment(minor: str) -> list[str]:
    """The variables that the base image sets."""
    return [
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "AzureWebJobsScriptRoot=/home/site/wwwroot",
        "HOME=/home",
        "FUNCTIONS_WORKER_RUNTIME=python",
        f"FUNCTIONS_WORKER_RUNTIME_VERSION={minor}",
        "ASPNETCORE_URLS=http://+:80",
        f"ASPNETCORE_CONTENTROOT=/{HOST}",
        "DOTNET_RUNNING_IN_CONTAINER=true",
        "DOTNET_USE_POLLING_FILE_WATCHER=true",
        f"HOST_VERSION={HOST_VERSION}",
        "LANG=C.UTF-8",
        "ACCEPT_EULA=Y",
    ]


def host_tar(minor: str, cache: Path, *, linux: bool, python: str) -> bytes:
    """The layer with the host, the worker and the start script.

    Args:
        minor: The Python minor that the worker is for.
        cache: Where the worker's packages are kept.
        linux: For a Debian container; else for an interpreter of this machine, and its system.
        python: The program that is the worker's Python in the container; else the one that runs the host.

    Raises:
        WheelsUnavailable: The worker's packages cannot be installed.
    """
    worker = f"{HOST}/workers/python/{minor}/LINUX/X64"
    over = python == MICROSOFTS
    source = Path(functions_host.__file__).parent
    files: dict[str, bytes] = {
        START: _START_SCRIPT.encode(),
        _WEB_HOST: _WEB_HOST_SCRIPT.format(python=_DEBIANS if linux and not over else python).encode(),
        f"{HOST}/start_host.py": _START_HOST.encode(),
        f"{HOST}/workers/python/worker.config.json": json.dumps(_WORKER_CONFIG, indent=2).encode(),
        f"{worker}/worker.py": (source / "worker" / "worker.py").read_bytes(),
        **_modules(source, f"{HOST}/functions_host"),
        **_modules(source / "worker", f"{worker}/azure_functions_worker"),
        **_modules(_worker_packages(minor, cache, linux=linux), worker),
    }
    if over:
        files[f"{worker}/.wh..wh..opq"] = b""  # nothing of Microsoft's worker beside ours
    files |= byte_code(files, minor, cache)
    links = {"usr/local/bin/python": python} if linux and not over else {}
    return _tar(files, links, ["home/site/wwwroot", f"{HOST}/Secrets"])


def _modules(source: Path, target: str) -> dict[str, bytes]:
    """Every file of a package folder; compiled Python is left out, since it names times and places."""
    return {
        f"{target}/{path.relative_to(source).as_posix()}": path.read_bytes()
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not path.name.startswith(".")
    }


def _worker_packages(minor: str, cache: Path, *, linux: bool) -> Path:
    newer = tuple(int(part) for part in minor.split(".")) >= (3, 13)
    pins = _WORKER_PACKAGES["3.13" if newer else "3.12"]
    key = hashlib.sha256(json.dumps([pins, minor, linux]).encode()).hexdigest()[:12]
    home = cache / f"worker-{minor}-{key}"
    if not home.exists():
        with tempfile.TemporaryDirectory(dir=cache, prefix="worker-") as name:
            install_wheels(pins, Path(name), python=minor, linux=linux)
            settle(Path(name), home)
    return home


def _tar(files: dict[str, bytes], links: dict[str, str], folders: list[str]) -> bytes:
    """A tar whose bytes depend on its arguments alone: sorted, parents first, no times, no owners."""
    parents = {str(parent) for path in (*files, *links) for parent in Path(path).parents if str(parent) != "."}
    parents |= {str(step) for folder in folders for step in (Path(folder), *Path(folder).parents) if str(step) != "."}
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for path in sorted({*files, *links, *parents}):
            member = tarfile.TarInfo(path)
            member.mode = 0o755
            if path in parents:
                member.type = tarfile.DIRTYPE
                tar.addfile(member)
            elif path in links:
                member.type, member.linkname = tarfile.SYMTYPE, links[path]
                tar.addfile(member)
            else:
                member.mode = 0o755 if files[path].startswith(b"#!") else 0o644
                member.size = len(files[path])
                tar.addfile(member, io.BytesIO(files[path]))
    return stream.getvalue()
