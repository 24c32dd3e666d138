"""`python -m azure_sandbox`: serve a sandbox, or prepare its base image."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

from azure_sandbox.apps.engine import unheard
from azure_sandbox.arm.operations import Durations
from azure_sandbox.arm.versions import CLOUDS, PUBLIC
from azure_sandbox.base_images import BaseImageUnavailable, prepare
from azure_sandbox.certificates import LOCAL
from azure_sandbox.data_plane import EngineUnavailable
from azure_sandbox.sandbox import Sandbox

if TYPE_CHECKING:
    from collections.abc import Sequence


_PRINTING = threading.Lock()


def main(argv: Sequence[str] | None = None) -> int:
    """Run one of the commands; 1 when it cannot, with the reason on standard error."""
    arguments = _parser().parse_args(argv)
    try:
        return serve(arguments) if arguments.command == "serve" else base(arguments)
    except (EngineUnavailable, BaseImageUnavailable) as unavailable:
        _tell(str(unavailable))
        return 1


def serve(arguments: argparse.Namespace) -> int:
    """Serve until SIGTERM or SIGINT, then stop everything that was started."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    if arguments.with_starter:
        threading.Thread(target=_wait_for_end, args=(stopping,), daemon=True).start()
    durations = Durations.live() if arguments.durations == "live" else Durations()
    with Sandbox(
        arguments.root,
        engine=arguments.engine,
        latency=arguments.latency,
        propagation_delay=arguments.propagation_delay,
        durations=durations,
        python=arguments.python,
        report=_tell,
        hear=_print if arguments.app_output else unheard,
        cloud=arguments.cloud,
        address=arguments.address,
    ) as sandbox:
        for name in arguments.subscription:
            sandbox.add_subscription(name)
        _tell(f"The sandbox answers at {sandbox.endpoints.resource_manager} (apps run with: {sandbox.data.engine}).")
        if arguments.ready_file:
            write_ready_file(arguments.ready_file, sandbox)
        stopping.wait()
        _tell("The sandbox stops.")
    return 0


def _wait_for_end(stopping: threading.Event) -> None:
    """Until whoever has started this process lets go of its standard input, or is gone, by a kill for one."""
    while os.read(0, 4096):
        pass
    stopping.set()


def write_ready_file(path: Path, sandbox: Sandbox) -> None:
    """Tell another process where everything is. For the owner's eyes: it holds the sandbox's own credentials."""
    told = {
        "environ": sandbox.endpoints.environ(),
        "inputs": sandbox.endpoints.inputs(),
        "endpoints": sandbox.endpoints.as_json(),
        "subscriptions": {one.display_name: one.id for one in sandbox.arm.subscriptions},
        "engine": sandbox.data.engine,
        "notes": list(sandbox.data.notes),
        "edit_token": sandbox.edit_token,
    }
    # Written beside and renamed: a reader never sees half of it.
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.touch(mode=0o600)
    beside.write_text(json.dumps(told, indent=2))
    beside.replace(path)


def base(arguments: argparse.Namespace) -> int:
    """Make the Docker base image, so that a later start does not wait for it."""
    image = prepare(arguments.python, report=_tell)
    _tell(f"Ready: {image.repository}:{image.tag} ({image.digest}).")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m azure_sandbox", description="A local Azure for try-outs and tests."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    serving = commands.add_parser("serve", help="serve until SIGTERM or SIGINT")
    serving.add_argument("--root", type=Path, required=True, help="a folder for everything the sandbox writes")
    serving.add_argument("--engine", choices=("auto", "docker", "process"), default="auto", help="how to run the apps")
    serving.add_argument("--ready-file", type=Path, help="written as JSON once the sandbox is ready")
    serving.add_argument("--latency", type=float, default=0.0, help="seconds added to each request")
    serving.add_argument("--propagation-delay", type=float, default=0.0, help="seconds until a new role counts")
    serving.add_argument("--durations", choices=("fast", "live"), default="fast", help="how long operations take")
    serving.add_argument("--cloud", choices=CLOUDS, default=PUBLIC, help="the cloud whose API versions it has")
    serving.add_argument(
        "--subscription", action="append", default=[], metavar="NAME", help="one more subscription, owned by the login"
    )
    serving.add_argument(
        "--address", default=LOCAL, metavar="IP", help="where it answers, for containers: the gateway of a bridge"
    )
    serving.add_argument("--python", help="the base image's Python, such as 3.11")
    serving.add_argument("--with-starter", action="store_true", help="stop when standard input ends, too")
    serving.add_argument("--app-output", action="store_true", help="print what the apps write, and only that")
    preparing = commands.add_parser("base", help="prepare the Docker base image")
    preparing.add_argument("--python", required=True, help="such as 3.12: a Debian's own, or one that this machine has")
    return parser


def _print(line: str) -> None:
    with _PRINTING:  # lines of several apps, whole
        print(line, flush=True)


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
