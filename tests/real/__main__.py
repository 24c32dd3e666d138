"""`python tests/real`: look at the real thing. `make real` calls it; README.md beside this file says how."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import docker.errors
import pytest
import requests
from azure.core.exceptions import AzureError

import shared
from arm import Arm, ArmRefused
from az import AzFailed
from group import leftovers, remove
from hosts import AZURITE, IMAGE, REGISTRY
from local_sandbox import sandbox
from login import credential_for
from recording import Recording
from session import AZURE, HOSTS, RECORDING, opened_azure, opened_hosts
from target import Target, TargetUnusable, read_target

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent
HOST_CHECKS = ("test_host.py", "test_host_keys.py", "test_image.py")
AZURE_CHECKS = (
    "test_control_plane.py",
    "test_http.py",
    "test_slots.py",
    "test_keys.py",
    "test_triggers.py",
    "test_destroy.py",
)
"""In this order: the last one removes what the others have deployed."""
STOPPED, UNUSABLE = 130, 2
OUTSIDE = (AzureError, ArmRefused, AzFailed, requests.RequestException, docker.errors.DockerException)
"""What others say when they refuse or are not there, before the first check: no engine, no such image, no login."""
BILLED = """\
This makes in the subscription, in a resource group of its own, and removes it again:

    what                                     how long, about   prices
    an Elastic Premium plan EP1, 1 instance  1 hour            https://azure.microsoft.com/pricing/details/functions/
    a Service Bus namespace, Standard        1 hour            https://azure.microsoft.com/pricing/details/service-bus/
    a container registry, Basic              1 hour            https://azure.microsoft.com/pricing/details/container-registry/
    storage accounts with a few megabytes    1 hour            https://azure.microsoft.com/pricing/details/storage/blobs/

Some are billed by the whole hour or day. What this made is tagged, and goes even when it is stopped.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Open a door; the exit code is pytest's, 2 when there is nothing to judge, 130 when it was stopped."""
    arguments = _parser().parse_args(argv)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    try:
        with ExitStack() as closing:
            if arguments.target == "sandbox":
                target = closing.enter_context(sandbox())
            elif arguments.target:
                target = read_target(Path(arguments.target), os.environ)
            else:
                target = None
            return _open(arguments, target)
    except (TargetUnusable, *OUTSIDE) as unusable:
        say(f"{type(unusable).__name__}: {unusable}" if isinstance(unusable, OUTSIDE) else str(unusable))
        return UNUSABLE
    except KeyboardInterrupt:
        return STOPPED


def _open(arguments: argparse.Namespace, target: Target | None) -> int:
    if arguments.host_only:
        if target and target.is_azure:
            message = "HOST_ONLY looks at an image, and takes no file of endpoints. Leave TARGET out, or say IMAGE=..."
            raise TargetUnusable(message)
        return judge_hosts(target, arguments)
    if target is None:
        say(BILLED)
        message = "Say what to judge: TARGET=<file> (see tests/real/target.example.toml), or HOST_ONLY=1."
        raise TargetUnusable(message)
    if arguments.remove:
        return 0 if remove(Arm(target, credential_for(target)), arguments.remove, say) else 1
    return judge_azure(target, arguments)


def judge_hosts(target: Target | None, arguments: argparse.Namespace) -> int:
    """Look at Microsoft's base image, or at a sandbox's stand-in for it."""
    is_microsofts = arguments.image.startswith(f"{REGISTRY}/")
    recording = Recording("sandbox" if target else "host" if is_microsofts else "other")
    images = (arguments.image, arguments.storage_image)
    with opened_hosts(target, images, pull=not arguments.no_pull, say=say) as hosts:
        image = hosts.engine.images.get(hosts.image).attrs
        variables = dict(entry.partition("=")[::2] for entry in image["Config"]["Env"])
        recording.versions["host"] = variables.get("HOST_VERSION", "version unknown")
        recording.versions["image"] = (image.get("RepoDigests") or [hosts.image])[0]
        return _check(arguments.checks or HOST_CHECKS, recording, {HOSTS: hosts})


def judge_azure(target: Target, arguments: argparse.Namespace) -> int:
    """Deploy to an Azure, and look at what came of it."""
    if arguments.target != "sandbox":
        say(BILLED)
        for line in leftovers(Arm(target, credential_for(target))):
            say(f"Left over by an earlier run: {line}")
        if arguments.confirm != "yes":
            message = "Nothing was made. To go on, run the same with CONFIRM=yes."
            raise TargetUnusable(message)
    recording = Recording("azure" if target.is_azure else "sandbox")
    with opened_azure(target, arguments.run, recording.versions, say) as azure:
        return _check(arguments.checks or AZURE_CHECKS, recording, {AZURE: azure})


def _check(checks: Sequence[str], recording: Recording, stashed: dict[Any, Any]) -> int:
    """Run the checks, and keep what they have seen, also of a run that was stopped."""
    plugin = _Stash({RECORDING: recording, **stashed})
    words = ["-c", str(HERE / "pytest.ini"), "--rootdir", str(HERE), "-v", *(str(HERE / name) for name in checks)]
    code = int(pytest.main(words, plugins=[plugin, shared]))
    say(f"Written down: {recording.write()}")
    if page := os.environ.get("GITHUB_STEP_SUMMARY"):
        with Path(page).open("a", encoding="utf-8") as file:
            file.write(recording.page())
    return STOPPED if _heard or code == pytest.ExitCode.INTERRUPTED else code


class _Stash:
    """A plugin that hands over to the checks what is judged."""

    def __init__(self, stashed: dict[Any, Any]) -> None:
        self._stashed = stashed

    def pytest_configure(self, config: pytest.Config) -> None:
        """Before the checks are collected."""
        for key, value in self._stashed.items():
            config.stash[key] = value

    def pytest_runtest_logfinish(self) -> None:
        """After each check."""
        if _heard:
            raise KeyboardInterrupt


def say(text: str) -> None:
    """Tell a person."""
    print(text, file=sys.stderr, flush=True)


_heard: list[int] = []
"""Signals that came: Python drops what a handler raises inside a finalizer or a callback, so they are counted."""


def _stop(number: int, _frame: object) -> NoReturn:
    _heard.append(number)
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make real", description="Look at the real thing.")
    parser.add_argument("--target", default="", help="a file of endpoints, or `sandbox`")
    parser.add_argument("--host-only", action="store_true", help="Microsoft's base image alone, on the local engine")
    parser.add_argument("--image", default=IMAGE, help="the base image to look at")
    parser.add_argument("--storage-image", default=AZURITE, help="Azurite, for the hosts' storage")
    parser.add_argument("--no-pull", action="store_true", help="take both images as they lie on the engine")
    parser.add_argument("--confirm", default="", help="`yes`: make what is billed")
    parser.add_argument(
        "--run", default="", help="part of each name, letters and digits, for a workflow that cleans up"
    )
    parser.add_argument("--remove", default="", help="remove this resource group of an earlier run, and nothing else")
    parser.add_argument("checks", nargs="*", help="files of tests/real, and more for pytest; all when left out")
    return parser


if __name__ == "__main__":
    sys.exit(main())
