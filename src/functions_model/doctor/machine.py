"""This machine: what the product needs of it, and what only some deployments need."""

from __future__ import annotations

import importlib.util
import platform
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import requests

from functions_model import __version__
from functions_model.ci.network import Network
from functions_model.core.answers import host_of
from functions_model.core.build import Builder
from functions_model.core.failures import EnvironmentFailed, LoginFailed, Problem, RegistryFailed
from functions_model.core.sending import new_session
from functions_model.core.spec import DeploymentSpec
from functions_model.core.unanswered import unanswered
from functions_model.core.work import silent
from functions_model.doctor.diagnosis import Diagnosis, State, beside, failure, fine, problem, unasked
from functions_model.environment import EnvironmentRequest, base_image_for, choose_python, read_environment
from functions_model.environment.asking import Question, ask
from functions_model.environment.uv_process import IMAGE_PLATFORM
from functions_model.scaffold.naming import action_of

_GIB = 1 << 30
_NEEDED, _ENOUGH = 0.5, 3.0
"""GiB for temporary files: less than the first is too little for any image; the second will do for most."""
_MOST_SKEW = 300.0
"""Seconds. Entra ID lets tokens be five minutes out of their time (AADSTS700024)."""
_HTTP_SECONDS = 5
_SANDBOX = ("azure_sandbox", "starlette", "uvicorn", "watchfiles")
"""Modules of the sandbox, and of what it needs besides."""


@dataclass(frozen=True, slots=True)
class Machine:
    """What decides what is looked at.

    Attributes:
        environ: The process environment.
        network: Certificates and proxies.
        work: An empty folder.
        spec: What is deployed; None where that is not known.
        request: What its environment asks for; None where that is not known.
        base_image: That was given; empty for Microsoft's.
    """

    environ: Mapping[str, str]
    network: Network
    work: Path
    spec: DeploymentSpec | None = None
    request: EnvironmentRequest | None = None
    base_image: str = ""


def examine_machine(machine: Machine) -> Iterator[Diagnosis]:
    """All of it, side by side."""
    yield fine("product", f"functions-model {__version__}, Python {platform.python_version()}, {_system()}")
    looks = (
        ("container engine", lambda: _engine(machine)),
        ("packages", lambda: _index(machine)),
        ("base images", lambda: _base(machine)),
    )
    yield from _tools()
    yield _sandbox()
    yield _disk()
    yield fine("network", _way_out(machine.network))
    yield from beside(looks)


def _system() -> str:
    try:
        name = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        name = ""
    return f"{name or platform.system()} on {platform.machine()}"


def _tools() -> Iterator[Diagnosis]:
    """Programs of others. uv comes with the product."""
    try:
        yield fine("uv", f"{version('uv')}, which came with the product")
    except PackageNotFoundError:
        remedy = "Install the product again, by `uv tool install` or `pipx install`."
        yield Diagnosis("uv", State.PROBLEM, "it is not installed with the product", remedy, 3)
    for name, purpose in (("git", "`init` reads where the repository is kept"), ("az", "the commands below")):
        found = shutil.which(name)
        needed = f"it is not on the PATH; for {purpose}" if name == "az" else f"it is not on the PATH; {purpose} by it"
        yield fine(name, found) if found else Diagnosis(name, State.WARNING, needed)


def _sandbox() -> Diagnosis:
    lacks = [name for name in _SANDBOX if importlib.util.find_spec(name) is None]
    if not lacks:
        return fine("sandbox", "`try` and `demo` can run here")
    address = f"git+https://github.com/{action_of().partition('@')[0]}"
    remedy = f"To install it: `uv tool install --force 'functions-model-action[sandbox] @ {address}'`."
    return Diagnosis("sandbox", State.WARNING, "it is not installed; only `try` and `demo` need it", remedy)


def _disk() -> Diagnosis:
    place = tempfile.gettempdir()
    free = shutil.disk_usage(place).free / _GIB
    what = f"{free:.1f} GiB are free in `{place}`, where a run keeps its files"
    remedy = "Make space there, or name another folder in `TMPDIR`."
    if free < _NEEDED:
        return Diagnosis("disk", State.PROBLEM, what, remedy, EnvironmentFailed.exit_code)
    return fine("disk", what) if free >= _ENOUGH else Diagnosis("disk", State.WARNING, what, remedy)


def _way_out(network: Network) -> str:
    """Proxies without their logins."""
    by = [f"{scheme} by the proxy `{host_of(address)}`" for scheme, address in network.proxies.addresses.items()]
    trusted = f"{len(network.certificates)} certificates are trusted" if network.certificates else "Python's own trust"
    exempt = f"; not for {', '.join(network.proxies.exempt)}" if by and network.proxies.exempt else ""
    return f"{', '.join(by) or 'no proxy'}{exempt}; {trusted}"


def _engine(machine: Machine) -> Iterator[Diagnosis]:
    """Docker: `try` runs apps in it, and some images are built by it."""
    from functions_model.engine.connecting import open_engine  # noqa: PLC0415 - Docker's client is slow to import

    topic, needed = "container engine", _needs_engine(machine.spec)
    try:
        with open_engine(machine.work / "engine", silent_line, machine.environ) as session:
            yield fine(topic, f"Docker {session.api.version().get('Version', '')} answers")
    except EnvironmentFailed as error:
        if needed:
            yield from failure(topic, error)
        else:
            yield fine(topic, "none answers, and none is needed: only apt packages, Dockerfiles and compiling take one")


def silent_line(_: str) -> None:
    """Nobody reads what an engine says."""


def _needs_engine(spec: DeploymentSpec | None) -> bool:
    return spec is not None and spec.build.builder not in {Builder.LAYERS, Builder.DOCKERFILE}


def _index(machine: Machine) -> Iterator[Diagnosis]:
    """Whether the package index has what the environment asks for first: asked by uv itself, as a run does."""
    request = machine.request or read_environment(None)
    first, folder = request.requirements[0], machine.work / "index"
    folder.mkdir()
    alone = replace(request, requirements=(first,), constraints=())
    python = choose_python(machine.spec.python_version if machine.spec else None, request).version
    environ = {**machine.environ, "UV_HTTP_RETRIES": "0"}
    question = Question(alone, python, IMAGE_PLATFORM, folder, environ, only_wheels=False, report=silent, alone=True)
    try:
        ask(question)
    except EnvironmentFailed as error:
        yield from failure("packages", error)
    else:
        yield fine("packages", f"the package index has `{first.name}`")


def _base(machine: Machine) -> Iterator[Diagnosis]:
    """Whether the registry of the base image answers, and what its clock says."""
    topic, host = "base images", _base_host(machine)
    try:
        with new_session() as session:
            started = time.time()
            answer = session.get(f"https://{host}/v2/", timeout=_HTTP_SECONDS)
    except requests.RequestException as exc:
        silent = unanswered(exc, host)
        what, remedy = (silent.what, silent.remedy) if silent else (f"`{host}` cannot be asked", "Check the network.")
        yield problem(topic, Problem(what, remedy), RegistryFailed.exit_code)
        yield unasked("clock", "nobody was there to compare it with")
        return
    yield fine(topic, f"`{host}` answers")
    yield clock(answer.headers.get("Date", ""), (started + time.time()) / 2, host)


def _base_host(machine: Machine) -> str:
    from functions_model.core.references import parse_reference  # noqa: PLC0415 - with what follows
    from functions_model.pipeline.prepare import base_reference  # noqa: PLC0415 - few need it before a run

    if machine.spec and machine.request:
        return base_reference(machine.spec, machine.request).registry
    try:
        return parse_reference(machine.base_image or _default_base()).registry
    except ValueError:  # told as an input
        return parse_reference(_default_base()).registry


def _default_base() -> str:
    return base_image_for(choose_python(None, read_environment(None)).version)


def clock(told: str, here: float, host: str) -> Diagnosis:
    """This machine's clock beside another one's.

    Args:
        told: As HTTP tells the time.
        here: Seconds since 1970.
        host: Whose clock it is.
    """
    try:
        skew = here - parsedate_to_datetime(told).timestamp()
    except ValueError:
        return unasked("clock", f"`{host}` does not say what time it is")
    what = f"{abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} that of `{host}`"
    if abs(skew) < _MOST_SKEW:
        return fine("clock", what)
    remedy = "Correct this machine's clock: Microsoft Entra ID refuses tokens that are out of their time."
    return Diagnosis("clock", State.PROBLEM, what, remedy, LoginFailed.exit_code)
