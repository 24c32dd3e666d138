"""A planned function app on disk, and a process that calls its functions as the Functions worker does."""

from __future__ import annotations

import base64
import functools
import json
import os
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from functions_model.bundle import plan_layers, runtime_layer
from functions_model.core.spec import AuthLevel, Code, DeploymentSpec, HttpTrigger, ImageTarget, Mode, Model
from functions_model.image.files import Link
from support.tools import ROOT, find_python

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from functions_model.bundle import BundlePlan
    from functions_model.core.spec import Trigger

DRIVER = Path(__file__).with_name("function_driver.py")
RUNTIME_PACKAGES = (
    "azure-functions-runtime-v1==1.2.0",
    "azure-functions==2.3.0",
    "azureml-inference-server-http==1.5.1",
    "protobuf==5.29.5",
    "scikit-learn==1.9.1",
)
IN_IMAGE = ("/home/site/", "/var/azureml-app")


def spec_of(
    workspace: Path,
    *,
    script: str | None = "score.py",
    source: str = "src",
    models: tuple[tuple[str, str, str], ...] = (),
    auth_level: AuthLevel = AuthLevel.FUNCTION,
    trigger: Trigger | None = None,
    host_json: Path | None = None,
    concurrency: int = 1,
    import_roots: tuple[str, ...] = (),
) -> DeploymentSpec:
    """A specification that packs files below `workspace`.

    Args:
        workspace: Where the user's files are.
        script: The entry script's name in `source`; None leaves scoring to our own script for MLflow models.
        source: The source directory's name.
        models: Name, version and path of each.
        auth_level: Of the HTTP trigger.
        trigger: None means an HTTP trigger.
        host_json: The user's own host.json.
        concurrency: How many are scored at a time.
        import_roots: Folders of `source` in which imports are looked for, too.
    """
    directory = workspace / source
    return DeploymentSpec(
        mode=Mode.PACKAGE,
        workspace=workspace,
        models=tuple(Model(name, version, workspace / path) for name, version, path in models),
        code=None if script is None else Code(directory / script, directory, _shown(source, script), import_roots),
        environment_file=None,
        python_version=None,
        base_image=None,
        trigger=trigger or HttpTrigger(auth_level),
        image=ImageTarget("contoso.azurecr.io", "package"),
        login=None,
        target=None,
        sample_request=None,
        verify_timeout=60,
        host_json=host_json,
        concurrency=concurrency,
    )


def _shown(source: str, script: str) -> str:
    return f"{source}/{script}" if source != "." else script


def write_files(folder: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files by their relative path."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def lay_out(plan: BundlePlan, root: Path) -> dict[str, str]:
    """Put every layer's files below `root`, and give the image's variables with their paths moved there."""
    for layer in plan.layers:
        for file in layer.tree.files:
            target = root / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(file.content, Link):
                target.symlink_to(file.content.target)
            else:
                target.write_bytes(file.content if isinstance(file.content, bytes) else file.content.read_bytes())
    return {name: f"{root}{value}" if value.startswith(IN_IMAGE) else value for name, value in plan.env.items()}


@functools.cache
def runtime_python() -> Path:
    """A Python 3.13 with Microsoft's own Functions runtime; made once, in `.venv-runtime`."""
    venv = ROOT / ".venv-runtime"
    stamp = venv / "packages.txt"
    wanted = "\n".join(RUNTIME_PACKAGES)
    if not stamp.exists() or stamp.read_text() != wanted:
        uv = Path(sys.executable).with_name("uv")
        python = venv / "bin" / "python"
        if not python.exists():
            subprocess.run([uv, "venv", "-q", "--clear", "--python", str(find_python("3.13")), venv], check=True)
        subprocess.run([uv, "pip", "install", "-q", "--python", python, *RUNTIME_PACKAGES], check=True)
        stamp.write_text(wanted)
    return venv / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer, as the worker hands it to the host."""

    status: int
    headers: dict[str, str]
    body: bytes
    cookies: list[str]

    @property
    def json(self) -> Any:
        """The body, read as JSON."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one blob or message.

    Attributes:
        result: The bytes for the output; None when there is none.
        failure: The text of what was raised; empty when nothing was.
    """

    result: bytes | None
    failure: str = ""


@dataclass(slots=True)
class FunctionApp:
    """A worker process on a laid-out bundle. Use it in a `with` statement.

    Attributes:
        root: Where the image's files are.
        env: The image's variables.
        mode: `worker` (functions are loaded and called as the worker does) or `runtime` (Microsoft's own runtime).
        python: The interpreter of a `worker`; None for this one.
    """

    root: Path
    env: dict[str, str]
    mode: str = "worker"
    program: Path = Path(sys.executable)
    _process: subprocess.Popen[str] = field(init=False)

    def __enter__(self) -> Self:
        python = runtime_python() if self.mode == "runtime" else self.program
        environ = {"PATH": os.environ["PATH"], "HOME": str(self.root / "home"), **self.env}
        (self.root / "channel.log").touch()
        log = (self.root / "container.log").open("wb")
        self._process = subprocess.Popen(
            [python, DRIVER, self.root / "home/site/wwwroot", self.root / "channel.log", self.mode],
            env=environ,
            cwd=self.root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )
        log.close()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()

    def ask(self, command: Mapping[str, Any]) -> Any:
        """Send one command to the process; its answer."""
        assert self._process.stdin
        assert self._process.stdout
        print(json.dumps(command), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        assert line, f"the worker process ended:\n{self.container_log}"
        return json.loads(line)

    def call(self, function: str, url: str, body: bytes = b"", **more: Any) -> Answer:
        """One invocation; `method` (else POST when there is a body) and `headers` may be given."""
        [answer] = self.call_together([(function, url, body)], **more)
        return answer

    def call_together(self, calls: list[tuple[str, str, bytes]], **more: Any) -> list[Answer]:
        """Several invocations at the same time."""
        requests = [
            {
                "function": function,
                "method": more.get("method", "POST" if body else "GET"),
                "url": url,
                "headers": more.get("headers", {}),
                "body": base64.b64encode(body).decode(),
            }
            for function, url, body in calls
        ]
        return [
            Answer(one["status"], one["headers"], base64.b64decode(one["body"]), one["cookies"])
            for one in self.ask({"calls": requests})
        ]

    def trigger(self, body: bytes, metadata: Mapping[str, Any]) -> Outcome:
        """One blob or message for `score`; text of the metadata is text for the worker, all else is JSON."""
        sent = {
            name: ("string", value) if isinstance(value, str) else ("json", json.dumps(value, default=str))
            for name, value in metadata.items()
        }
        content, result = self.root / "content", self.root / "result"  # files, since 50 MB are slow as JSON
        content.write_bytes(body)
        result.unlink(missing_ok=True)
        event = {"function": "score", "content": str(content), "result": str(result), "metadata": sent}
        outcome = self.ask({"event": event})
        assert outcome.get("type") == ("bytes" if result.exists() else None)
        return Outcome(result.read_bytes() if result.exists() else None, outcome.get("failure", ""))

    def python(self, expression: str) -> Any:
        """The value of an expression in the process; `sys`, `os` and `logging` are there."""
        return self.ask({"python": expression})

    @property
    def container_log(self) -> str:
        """Standard output and standard error of the process."""
        return (self.root / "container.log").read_text(errors="replace")

    @property
    def channel_log(self) -> str:
        """What reached the worker's own log handler: `LEVEL logger text` per record."""
        return (self.root / "channel.log").read_text(errors="replace")


def function_app(
    folder: Path,
    files: Mapping[str, str | bytes],
    *,
    mode: str = "worker",
    env: Mapping[str, str] | None = None,
    **spec: Any,
) -> FunctionApp:
    """A function app from the user's files, planned by the product and laid out below `folder`."""
    workspace, root = folder / "workspace", folder / "image"
    write_files(workspace, files)
    wanted = spec_of(workspace, **spec)
    above = plan_layers(wanted)
    plan = replace(above, layers=(runtime_layer(wanted, "six==1.17.0\n"), *above.layers))
    environ = lay_out(plan, root) | {"FUNCTIONS_MODEL_BUILD_ID": "0123456789abcdef"}
    return FunctionApp(root, environ | dict(env or {}), mode)


@contextmanager
def started_apps(
    projects: Mapping[str, Mapping[str, Any]], mode: str, folder: Callable[[str], Path]
) -> Iterator[Callable[[str], FunctionApp]]:
    """Function apps by the name of their project, each started at its first use and stopped at the end.

    Args:
        projects: The arguments of `function_app` for each name.
        mode: Of every app.
        folder: Makes an empty folder with a name like this.
    """
    running: dict[str, FunctionApp] = {}
    with ExitStack() as stack:

        def start(name: str) -> FunctionApp:
            if name not in running:
                app = function_app(folder("app"), mode=mode, **projects[name])
                running[name] = stack.enter_context(app)
            return running[name]

        yield start
