"""Compiles packages inside the image: in a container that is removed afterwards, so that it leaves nothing behind.

Not a step of a Dockerfile, for two reasons. Such a step would need the address of a private package index, and the
engine keeps that with its intermediate images. And its files would hold the times of the build; those that come out of
a container are packed like every other layer, the same bytes for the same files.
"""

from __future__ import annotations

import contextlib
import io
import os
import shlex
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO

import requests
from docker.errors import APIError

from functions_model.core.cancel import CANCEL
from functions_model.core.failures import EnvironmentFailed, Location, Problem
from functions_model.core.secrets import Secret
from functions_model.engine.building import Transcript, explain, proxies
from functions_model.engine.connecting import EngineApi, EngineSession
from functions_model.engine.dockerfile import Recipe
from functions_model.engine.installing import INSTALLED, INSTALLER, index_options, install_command, installer_files
from functions_model.environment.normalising import normalise
from functions_model.environment.request import IndexSettings
from functions_model.environment.standard_library import take_out_hiding
from functions_model.environment.uv_failures import OWN_WHEEL, package_of_build, said_by_build
from functions_model.environment.uv_process import clean, uv_environment
from functions_model.image.opened import opened

_ACTION, _SUBJECT = "compile packages in the image", "environment-file"
_LABEL = "functions-model-compiling"
_SURELY_OVER = 86400.0
"""Seconds after which no run takes anything out of a container any more that has come to its end."""
_FILES = ("SSL_CERT_FILE", "SSL_CLIENT_CERT", "NETRC")
"""Variables that name a file of this machine: certificates to trust, and logins for package indexes."""
_OF_THIS_MACHINE = frozenset(
    ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "XDG_CACHE_HOME", "SSL_CERT_DIR", "UV_CACHE_DIR", "UV_NO_CACHE",
     "UV_KEYRING_PROVIDER", "UV_OFFLINE", "UV_FIND_LINKS", *_FILES)
)  # fmt: skip


def nowhere(name: str) -> None:
    """No line asks for a package."""
    del name


def compile_packages(
    session: EngineSession,
    image: str,
    recipe: Recipe,
    lock_text: str,
    *,
    indexes: IndexSettings | None = None,
    network: str | None = None,
    where: Callable[[str], Location | None] = nowhere,
) -> Path:
    """Install the recipe's compiled packages with the image's own Python and compilers.

    Args:
        session: The engine. Of its environment uv's settings, proxies and certificates are used.
        image: The image's ID.
        recipe: Names the packages and the Python.
        lock_text: With their versions and hashes.
        indexes: Where the packages come from, as the environment file says.
        network: The container's network; None takes the engine's own default.
        where: The line that asks for a package, by its name.

    Returns:
        A folder below the session's `work` in the form of a `site-packages`, the same for the same packages.

    Raises:
        EnvironmentFailed: A package could not be compiled.
    """
    settings = indexes or IndexSettings()
    try:
        with _container(session.api, image, network) as container:
            with tempfile.TemporaryFile(dir=session.work) as files:
                _pack(files, _files(session, recipe, lock_text, settings))
                files.seek(0)
                session.api.put_archive(container, "/", files)
            _run(session, container, settings, where)
            return _taken_out(session, container, recipe.python_version)
    except (APIError, requests.RequestException) as error:
        said = clean(str(getattr(error, "explanation", None) or error), settings.secrets)
        raise explain(_ACTION, said, "", "builder") from error


@contextlib.contextmanager
def _container(api: EngineApi, image: str, network: str | None) -> Iterator[str]:
    """A container that is not started yet; removed at the end, and by a cancel."""
    remove_stale(api)
    script, host = f"{INSTALLER}/install.sh", {"NetworkMode": network} if network else {}
    with CANCEL.work("a container on the engine"):
        container = api.create_container(
            image,
            entrypoint=["/bin/sh", script],
            command=[],
            user="root",
            working_dir="/",
            host_config=host,
            labels=[_LABEL],
        )["Id"]
    remove = partial(api.remove_container, container, force=True, v=True)
    with CANCEL.leaves(remove):
        try:
            yield container
        finally:
            with contextlib.suppress(APIError, requests.RequestException):
                remove()


def remove_stale(api: EngineApi) -> None:
    """Remove containers of runs that were killed. Of one that still runs nobody here knows whether it is waited for."""
    over = {"label": _LABEL, "status": ["created", "exited", "dead"]}
    with contextlib.suppress(APIError, requests.RequestException):  # whoever looks after the engine may remove them
        for one in api.containers(all=True, filters=over):
            if time.time() - one["Created"] > _SURELY_OVER:
                api.remove_container(one["Id"], force=True, v=True)


def _run(
    session: EngineSession, container: str, settings: IndexSettings, where: Callable[[str], Location | None]
) -> None:
    api = session.api
    transcript = Transcript(lambda line: session.log(clean(line, settings.secrets)))
    api.start(container)
    with contextlib.closing(api.logs(container, stream=True, follow=True)) as output:
        for piece in output:
            transcript.write(piece.decode(errors="replace"))
    said = transcript.end()
    if api.wait(container)["StatusCode"]:
        raise explain_compiling(clean(said, settings.secrets), where)


def explain_compiling(said: str, where: Callable[[str], Location | None]) -> EnvironmentFailed:
    """The failure for the words of an installation: the package that was compiled is named, on its line.

    Args:
        said: Everything that was written, the error last.
        where: The line that asks for a package, by its name.
    """
    failure, built = explain(_ACTION, said, "", _SUBJECT), package_of_build(said)
    if built is None:
        return failure
    (name, package), [problem] = built, failure.problems
    if problem.subject == _SUBJECT:
        what = f"`{package}` could not be compiled{said_by_build(said)}"
        problem = Problem(what, f"Ask for a version that has a wheel. {OWN_WHEEL}", _SUBJECT)
    what = problem.what.replace("a package must be compiled", f"`{package}` must be compiled")
    return EnvironmentFailed(_ACTION, [replace(problem, what=what, location=where(name))], detail=failure.detail)


def _files(
    session: EngineSession, recipe: Recipe, lock_text: str, settings: IndexSettings
) -> Iterator[tuple[str, Path | bytes, int]]:
    """What is put into the container: path, content, mode. Logins are in files, as variables could be looked up."""
    yield from installer_files(recipe.compiled, lock_text, settings, work=session.work, environ=session.environ)
    variables = {
        name: value
        for name, value in {**uv_environment(session.environ, settings), **proxies(session.environ)}.items()
        if name not in _OF_THIS_MACHINE
    }
    for name, path in _named_files(session.environ):
        variables[name] = f"{INSTALLER}/{name.lower()}"
        yield name.lower(), path, 0o600
    if links := [place.reveal() for place in settings.find_links if isinstance(place, Secret)]:
        variables["UV_FIND_LINKS"] = ",".join(links)
    command = install_command(recipe.python_version, index_options(settings))
    yield "install.sh", _script(variables, command), 0o600


def _named_files(environ: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    named = {name: environ.get(name, "") for name in _FILES}
    named["NETRC"] = named["NETRC"] or os.path.join(environ.get("HOME", ""), ".netrc")  # noqa: PTH118
    for name, value in named.items():
        if value and Path(value).is_file():
            yield name, Path(value)


def _script(variables: Mapping[str, str], command: list[str]) -> bytes:
    lines = ["set -e", "umask 022"]
    lines += [f"export {name}={shlex.quote(value)}" for name, value in sorted(variables.items())]
    return "\n".join([*lines, f"exec {shlex.join(command)}", ""]).encode()


def _pack(stream: BinaryIO, files: Iterable[tuple[str, Path | bytes, int]]) -> None:
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content, mode in files:
            member = tarfile.TarInfo(f"{INSTALLER}/{name}".lstrip("/"))
            member.mode = mode
            if isinstance(content, bytes):
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
            else:
                with opened(content) as source:
                    member.size = os.fstat(source.fileno()).st_size
                    archive.addfile(member, source)


def _taken_out(session: EngineSession, container: str, python_version: str) -> Path:
    target = Path(tempfile.mkdtemp(prefix="compiled-", dir=session.work))
    blocks, _ = session.api.get_archive(container, INSTALLED)
    with tempfile.TemporaryFile(dir=session.work) as packed:
        for block in blocks:
            packed.write(block)
        packed.seek(0)
        with tarfile.open(fileobj=packed) as archive:
            archive.extractall(target, filter="tar")
    site_packages = target / Path(INSTALLED).name
    for warning in take_out_hiding(site_packages, python_version):
        session.log(f"Note: {warning}")
    normalise(site_packages)
    return site_packages
