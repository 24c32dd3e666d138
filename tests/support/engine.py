"""Images that the tests need from a Docker engine that can pull none: made from Debian packages, cached by tag.

`python -m support.engine` (with `tests` on the path) makes them all beforehand, as `.ci/run` does.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shlex
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

import docker
from docker.utils.build import exclude_paths

from support.tools import ROOT

RECIPE_LABEL = "functions-model-test.recipe"
ACTION_IMAGE = "functions-model-test/action:1"
"""What the Dockerfile makes."""
CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an image is made of.

    Attributes:
        tag: The name that the engine knows it by.
        suite: The Debian release.
        packages: Debian packages beside the essential ones.
        steps: Shell commands that run inside the new root, in order.
        settings: Dockerfile instructions: `ENV A=b`.
    """

    tag: str
    suite: str
    packages: tuple[str, ...]
    steps: tuple[str, ...] = ()
    settings: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """Differs as soon as anything in the recipe does."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()


RUNNER = Recipe(
    tag="functions-model-test/runner:1",
    suite="bookworm",
    packages=("bash", "ca-certificates", "git", "nodejs"),
)
"""The machine that a workflow's job runs on."""

PYTHON_SLIM = Recipe(
    tag="python:3.13-slim",
    suite="trixie",
    packages=("ca-certificates", "python3", "python3-pip", "python3-venv"),
    steps=("ln -s /usr/bin/python3 /usr/local/bin/python3", "ln -s /usr/bin/python3 /usr/local/bin/python"),
    settings=("ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin", 'CMD ["python3"]'),
)
"""A stand-in for the base image that the action's Dockerfile names: same Python minor, same place."""

IMAGES = (RUNNER, PYTHON_SLIM)


def ensure_image(recipe: Recipe, client: docker.DockerClient) -> None:
    """Make the image unless the engine has it.

    An image with that tag which was not made here is the real one: it is used as it is and never overwritten.

    Raises:
        subprocess.CalledProcessError: mmdebstrap failed; its own words are on stderr.
    """
    found = _labels(recipe.tag, client)
    if found is not None and found.get(RECIPE_LABEL, recipe.digest) == recipe.digest:
        return
    _import(recipe, client)


def ensure_images() -> None:
    """Make all images that the action's tests need: the runner's, the Dockerfile's base, and the action's own."""
    client = docker.from_env(timeout=600)
    try:
        for recipe in IMAGES:
            ensure_image(recipe, client)
        build_action(client)
    finally:
        client.close()


def build_action(client: docker.DockerClient) -> str:
    """Build the action's image from the Dockerfile, unless it was built from just that; gives its name.

    One at a time on a machine. A build that only repeats another is no harmless one: while another test removes an
    image, the engine may find a step in its cache that is gone a moment later.

    Raises:
        docker.errors.BuildError: A step failed; its words are in `build_log`.
    """
    with (Path(tempfile.gettempdir()) / "functions-model-test-action.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.seek(0)
        context = _context(client)
        if lock.read() != f"{_id(client)} {context}":
            client.images.build(path=str(ROOT), tag=ACTION_IMAGE, rm=True, forcerm=True)
            lock.truncate(0)
            lock.write(f"{_id(client)} {context}")
    return ACTION_IMAGE


def _context(client: docker.DockerClient) -> str:
    """Differs as soon as the base image does, or anything that the build is sent."""
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    patterns = [line for line in ignored if line and not line.startswith("#")]
    found = hashlib.sha256(str(client.images.get(PYTHON_SLIM.tag).id).encode())
    for name in sorted(exclude_paths(str(ROOT), patterns)):
        path = ROOT / name
        found.update(f"{name} {path.stat().st_mode}\n".encode())
        if path.is_file():
            found.update(hashlib.sha256(path.read_bytes()).digest())
    return found.hexdigest()


def _id(client: docker.DockerClient) -> str:
    """Of the action's image; empty when there is none."""
    try:
        return str(client.images.get(ACTION_IMAGE).id)
    except docker.errors.ImageNotFound:
        return ""


def _labels(tag: str, client: docker.DockerClient) -> dict[str, str] | None:
    try:
        return client.images.get(tag).labels
    except docker.errors.ImageNotFound:
        return None


def _import(recipe: Recipe, client: docker.DockerClient) -> None:
    """Pipe a new Debian root into the engine: no tarball of it is ever on the disk."""
    repository, _, tag = recipe.tag.partition(":")
    changes = [f"LABEL {RECIPE_LABEL}={recipe.digest}", *recipe.settings]
    with subprocess.Popen(_mmdebstrap(recipe), stdout=subprocess.PIPE) as root:
        client.api.import_image_from_stream(root.stdout, repository=repository, tag=tag, changes=changes)
    if root.returncode:
        client.images.remove(recipe.tag)
        raise subprocess.CalledProcessError(root.returncode, root.args)


def _mmdebstrap(recipe: Recipe) -> list[str]:
    left_out = ("/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*")
    hooks = [f'chroot "$1" sh -c {shlex.quote(step)}' for step in recipe.steps] + _this_machines_trust()
    return [
        *("mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join(recipe.packages)}"),
        *(f"--dpkgopt=path-exclude={path}" for path in left_out),
        *(f"--customize-hook={hook}" for hook in hooks),
        *(recipe.suite, "-"),
    ]


def _this_machines_trust() -> list[str]:
    """The certificates that this machine trusts, and its pip's index: what a build behind a company proxy needs."""
    hooks = ['printf "[global]\\n" >"$1/etc/pip.conf"']
    index = _pip_setting("global.index-url")
    if index:
        hooks.append(f'echo {shlex.quote("index-url = " + index)} >>"$1/etc/pip.conf"')
    if CA_BUNDLE.exists():
        hooks += [f'cp {CA_BUNDLE} "$1{CA_BUNDLE}"', f'echo "cert = {CA_BUNDLE}" >>"$1/etc/pip.conf"']
    return hooks


def _pip_setting(name: str) -> str:
    command = [sys.executable, "-m", "pip", "config", "get", name]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


if __name__ == "__main__":
    ensure_images()
