"""Every command line that is timed, ours and theirs, in one place."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.timing import Command, run
from functions_model.inputs.sources import COMPILERS
from support.tools import ENGINES_CLIENT, ROOT, find_python

if TYPE_CHECKING:
    from collections.abc import Mapping

DOCKER = ENGINES_CLIENT
SOURCE = Path(os.environ.get("BENCH_SOURCE", ROOT / "src"))
"""What is measured; another checkout's `src` can be named, to compare two versions."""
_KEPT = ("PATH", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "TMPDIR", "UV_DEFAULT_INDEX", "UV_INDEX_URL")


@dataclass(frozen=True, slots=True)
class Product:
    """Our side, as a user starts it on a machine that has nothing of earlier runs but what is below `home`.

    Attributes:
        home: Where its caches are. A fresh one is a fresh CI runner.
    """

    home: Path

    def package(self, workspace: Path, inputs: Mapping[str, str]) -> Command:
        """`functions-model package` on a workspace."""
        flags = [word for name, value in inputs.items() for word in (f"--{name}", value)]
        words = (sys.executable, "-m", "functions_model", "package", *flags)
        return Command(words, workspace, self.environ)

    def fresh(self, home: Path) -> Product:
        """The same on a machine that it never ran on."""
        home.mkdir(parents=True)
        return replace(self, home=home)

    @property
    def environ(self) -> dict[str, str]:
        """Not that of a CI job, and nothing of this machine's caches."""
        kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
        caches = {"UV_CACHE_DIR": str(self.home / "uv"), "XDG_CACHE_HOME": str(self.home / "cache")}
        # The settings of uv stay those of this machine: a mirror of the package index, say.
        settings = {"XDG_CONFIG_HOME": os.environ.get("XDG_CONFIG_HOME", str(Path.home() / ".config"))}
        return {**kept, **caches, **settings, **compilers_at_hand(), "HOME": str(self.home), "PYTHONPATH": str(SOURCE)}


@cache
def compilers_at_hand() -> dict[str, str]:
    """The interpreters at hand make byte code, in the place of those that the product would fetch."""
    versions = {minor: find_python(minor) for minor in ("3.11", "3.12", "3.13")}
    found = {version: run(Command((str(path), "-V"))).split()[1] for version, path in versions.items() if path}
    roots = {str(path.resolve().parent) for path in versions.values() if path}
    path = os.pathsep.join([*sorted(roots), os.environ["PATH"]])
    return {COMPILERS: " ".join(found.values()), "PATH": path}


def docker_build(folder: Path, image: str) -> Command:
    """A build with BuildKit, as `docker build` does it today."""
    words = (DOCKER, "build", "--network=host", "--progress=plain", "--tag", image, ".")
    return Command(words, folder, {**os.environ, "DOCKER_BUILDKIT": "1"})


def docker_push(image: str) -> Command:
    """Send what the registry lacks."""
    return Command((DOCKER, "push", "--quiet", image))


def docker_remove(image: str) -> Command:
    """Remove an image; a name that is not there is no fault."""
    return Command((DOCKER, "image", "rm", "--force", image))


def docker_forget(*images: str) -> tuple[Command, ...]:
    """A fresh runner's engine: no image of ours, no base, no build cache."""
    return (*map(docker_remove, images), Command((DOCKER, "builder", "prune", "--all", "--force")))


def pip_install(image: str, requirements: Path) -> Command:
    """An installation in a new container, without a cache."""
    mount = ("--volume", f"{requirements}:/requirements.txt:ro")
    install = ("python3", "-m", "pip", "install", "--no-cache-dir", "--quiet", "--break-system-packages")
    return Command((DOCKER, "run", "--rm", "--network=host", *mount, image, *install, "-r", "/requirements.txt"))


def sha256sum(path: Path) -> Command:
    """Read once and hash."""
    return Command(("sha256sum", str(path)))


def curl_start(host: str, repository: str) -> Command:
    """Begin an upload; the answer's head says where to send it."""
    url = f"http://{host}/v2/{repository}/blobs/uploads/"
    return Command(
        ("curl", "--silent", "--fail", "--request", "POST", "--dump-header", "-", "--output", "/dev/null", url)
    )


def curl_upload(path: Path, url: str) -> Command:
    """Send a file as one blob in one request."""
    head = ("--header", "Content-Type: application/octet-stream")
    return Command(("curl", "--silent", "--fail", "--upload-file", str(path), *head, url))


def tar(folder: Path, archive: Path) -> Command:
    """Pack a folder, not compressed."""
    return Command(("tar", "--create", "--file", str(archive), "--directory", str(folder.parent), folder.name))


def action_help(image: str) -> Command:
    """Start the action's container and have it say what it can do."""
    return Command((DOCKER, "run", "--rm", image, "--help"))


def action_nothing(image: str) -> Command:
    """The same container with a Python that does nothing: what the engine and the interpreter take by themselves."""
    entry = ("--entrypoint", "/opt/functions-model/bin/python")
    return Command((DOCKER, "run", "--rm", *entry, image, "-I", "-S", "-c", ""))


def pip_download(folder: Path, *requirements: str, python: str) -> Command:
    """Wheels for Linux on x86-64, and those that they need, into a folder."""
    platform = ("--platform", "manylinux_2_28_x86_64", "--platform", "manylinux2014_x86_64", "--only-binary", ":all:")
    what = ("--python-version", python, *platform, "--dest", str(folder))
    return Command((sys.executable, "-m", "pip", "download", "-q", *what, *requirements))


def pip_target(folder: Path, requirements: Path) -> Command:
    """An installation for Python 3.12 into a folder, of wheels alone."""
    what = ("--python-version", "3.12", "--only-binary", ":all:", "--target", str(folder))
    return Command((str(Path(sys.executable).with_name("uv")), "pip", "install", "-q", *what, "-r", str(requirements)))
