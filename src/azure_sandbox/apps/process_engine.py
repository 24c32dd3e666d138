"""Apps as plain processes on their unpacked image: for machines without a container engine.

Absolute paths in variables and in the start command are moved into the unpacked tree where they exist there. The
interpreter is a bare virtual environment of the sandbox's own Python, or of another one that this machine has, so apps
never see the sandbox's packages.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from azure_sandbox.apps.engine import PullFailed, StartFailed
from azure_sandbox.apps.guard import start_guarded, stop_guarded
from azure_sandbox.apps.image_pull import PulledImage, pull_image
from azure_sandbox.apps.layers import LayerRefused, unpack
from azure_sandbox.base_images.interpreters import find_interpreter, running_minor
from azure_sandbox.functions_host.options import port_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_sandbox.apps.engine import ContainerSpec

_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_LINES = 2000
_INTERPRETER = "languageworkers__python__defaultexecutablepath"


class ProcessContainer:
    """A start command that runs on its unpacked image."""

    def __init__(self, process: subprocess.Popen[bytes], tree: Path, port: int, hear: Callable[[str], None]) -> None:
        self._process = process
        self._tree = tree
        self._port = port
        self._hear = hear
        self._lines: deque[str] = deque(maxlen=_LINES)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def address(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._port}"

    def exit_code(self) -> int | None:
        """None while it runs."""
        return self._process.poll()

    def log(self) -> str:
        """Its last lines."""
        return "\n".join(list(self._lines))

    def write(self, path: str, content: bytes) -> None:
        """Put a file into its tree."""
        write_file(self._tree, path, content)

    def stop(self) -> None:
        """Stop it, and remove its tree."""
        stop_guarded(self._process)
        self._reader.join(timeout=5)
        shutil.rmtree(self._tree, ignore_errors=True)

    def _read(self) -> None:
        assert self._process.stdout is not None  # noqa: S101
        with self._process.stdout as stream:
            for line in stream:
                text = line.decode(errors="replace").rstrip("\n")
                self._lines.append(text)
                self._hear(text)


class ProcessEngine:
    """Runs images without a container engine.

    Args:
        root: Where blobs and trees lie.
        ca_file: Whose certificates the registries show.
    """

    title = "processes"

    def __init__(self, root: Path, ca_file: Path) -> None:
        self._root = root
        self._ca_file = ca_file
        self._images: dict[str, PulledImage] = {}
        self._lock = threading.Lock()
        root.mkdir(parents=True, exist_ok=True)

    def pull(self, image: str, login: tuple[str, str] | None) -> None:
        """Fetch the image's blobs.

        Raises:
            PullFailed: The registry refused, or it cannot be reached.
        """
        try:
            self._images[image] = pull_image(image, login, self._root / "blobs", self._ca_file)
        except (KeyError, ValueError) as error:
            message = f"the manifest of {image} is malformed: {error}"
            raise PullFailed(message) from error

    def start(self, spec: ContainerSpec) -> ProcessContainer:
        """Unpack the image and run its start command.

        Raises:
            StartFailed: It is for another Python, its layers cannot be unpacked, or it has no command.
        """
        image = self._images[spec.image]
        settings = image.config.get("config") or {}
        given = dict(entry.partition("=")[::2] for entry in settings.get("Env") or [])
        minor = _minor_of({**given, **spec.environ})
        tree = self._unpack(spec, image)
        for path, content in spec.files.items():
            write_file(tree, path, content)
        _check_path({**given, **spec.environ}.get("PATH", ""), tree)
        port = _free_port()
        environ = self._environ({**given, **spec.environ}, tree, port, minor)
        # Who looks at another port than the app's own finds nobody.
        seen = port if port_of({**given, **spec.environ}) == spec.port else _free_port()
        command = [_moved(word, tree) for word in [*(settings.get("Entrypoint") or []), *(settings.get("Cmd") or [])]]
        if not command:
            message = "the image has no command to run"
            raise StartFailed(message)
        folder = tree.joinpath(settings.get("WorkingDir", "/").lstrip("/"))
        process = start_guarded(command, environ=environ, folder=folder if folder.is_dir() else tree)
        return ProcessContainer(process, tree, seen, spec.hear)

    def close(self) -> None:
        """Remove everything on disk. Containers are stopped by those who started them."""
        shutil.rmtree(self._root, ignore_errors=True)

    def _unpack(self, spec: ContainerSpec, image: PulledImage) -> Path:
        tree = Path(tempfile.mkdtemp(dir=self._root, prefix=f"{spec.name}-"))
        try:
            for layer in image.layers:
                unpack(layer, tree)
        except (LayerRefused, OSError) as error:
            shutil.rmtree(tree, ignore_errors=True)
            raise StartFailed(str(error)) from error
        if spec.empty_home:
            shutil.rmtree(tree / "home", ignore_errors=True)
            (tree / "home").mkdir()
        return tree

    def _environ(self, given: dict[str, str], tree: Path, port: int, minor: str) -> dict[str, str]:
        environ = {name: _moved_list(value, tree) for name, value in given.items()}
        path = f"{self._interpreter(minor) / 'bin'}{os.pathsep}{_SYSTEM_PATH}"
        moved = {"ASPNETCORE_URLS": f"http://+:{port}", "PATH": path, "TMPDIR": tempfile.gettempdir()}
        return {**environ, **moved}

    def _interpreter(self, minor: str) -> Path:
        """A virtual environment with nothing in it.

        Raises:
            StartFailed: That Python makes none.
        """
        home, found = self._root / f"interpreter-{minor}", find_interpreter(minor)
        with self._lock:
            if not home.exists() and found:
                command = [str(found.path), "-I", "-m", "venv", "--symlinks", "--without-pip", str(home)]
                done = subprocess.run(command, capture_output=True, text=True, check=False)
                if done.returncode:
                    message = f"{found.path} makes no virtual environment: {(done.stderr or done.stdout).strip()}"
                    raise StartFailed(message)
        return home


def write_file(tree: Path, path: str, content: bytes) -> None:
    """Put a file into an unpacked image, readable by its owner alone. Readers never see half of it."""
    target = tree.joinpath(path.lstrip("/"))
    target.parent.mkdir(parents=True, exist_ok=True)
    made = target.with_name(f".{target.name}.new")
    made.touch(mode=0o600)
    made.write_bytes(content)
    made.replace(target)


def _minor_of(given: dict[str, str]) -> str:
    """The app's Python. What only a container can run is refused: the wrong one would load packages in some other way.

    Raises:
        StartFailed: The app is for a minor that is not here, or for an interpreter that lies in its image.
    """
    wanted = given.get("FUNCTIONS_WORKER_RUNTIME_VERSION") or running_minor()
    if find_interpreter(wanted) is None:
        message = (
            f"the image is for Python {wanted}, and without Docker apps run on a Python of this machine, which has no "
            f"{wanted} that works. Start a Docker engine, install it, or use Python {running_minor()} for the app."
        )
        raise StartFailed(message)
    named = {name.lower(): value for name, value in given.items()}.get(_INTERPRETER, "")
    if "/" in named:
        raise _own_interpreter(named)
    return wanted


def _check_path(path: str, tree: Path) -> None:
    """Refuse an image that puts its own `python` on PATH: the functions host would take that one."""
    for entry in path.split(os.pathsep):
        if os.path.lexists(tree / entry.lstrip("/") / "python"):
            raise _own_interpreter(f"{entry}/python")


def _own_interpreter(named: str) -> StartFailed:
    message = (
        f"the image runs its functions with an interpreter of its own, {named}, and without Docker apps run on the "
        f"sandbox's Python {running_minor()}. Start a Docker engine."
    )
    return StartFailed(message)


def _moved_list(value: str, tree: Path) -> str:
    return os.pathsep.join(_moved(part, tree) for part in value.split(os.pathsep))


def _moved(value: str, tree: Path) -> str:
    """An absolute path that exists in the tree, as it lies there; anything else as it is."""
    if not value.startswith("/") or value == "/" or "\0" in value or ".." in Path(value).parts:
        return value
    inside = tree.joinpath(value.lstrip("/"))
    try:
        return str(inside) if inside.exists() else value
    except OSError:
        return value


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])
