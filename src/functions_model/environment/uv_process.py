"""`uv` as a process: with an environment that holds what it needs and nothing that it must not see."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from uv import find_uv_bin

from functions_model.core.masking import without
from functions_model.core.secrets import Secret
from functions_model.core.tracing import trace
from functions_model.environment.addresses import secrets_of
from functions_model.environment.processes import BOUNDS, Bounds, OverTime, environ_for, run_process
from functions_model.environment.request import IndexSettings

IMAGE_PLATFORM = "x86_64-manylinux_2_28"
"""The Functions base images are amd64 only, and even the oldest (Debian 11, glibc 2.31) takes these wheels."""

_KEPT_UV = (
    "UV_INDEX", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS", "UV_NO_INDEX", "UV_CACHE_DIR", "UV_NO_CACHE",
    "UV_KEYRING_PROVIDER", "UV_INSECURE_HOST", "UV_NATIVE_TLS", "UV_SYSTEM_CERTS", "UV_HTTP_", "UV_OFFLINE",
    "UV_CONCURRENT_", "UV_EXCLUDE_NEWER", "UV_REQUEST_TIMEOUT",
)  # fmt: skip
"""Beginnings of uv's own variables about where packages come from and how new they may be. All others stay out."""
_FOR_PYTHON = ("--no-bin", "--no-config", "--no-progress", "--color", "never")
_MIRRORS = (
    "UV_PYTHON_INSTALL_MIRROR",
    "UV_ASTRAL_MIRROR_URL",
    "UV_PYTHON_DOWNLOADS_JSON_URL",
    "UV_PYTHON_CACHE_DIR",
    "UV_PYTHON_DOWNLOADS",
)
"""Where interpreters come from and are kept, and whether any may come at all."""
_FEW_RETRIES = {"UV_HTTP_RETRIES": "1"}
"""A run goes on without an interpreter. With uv's own three, one without a network is told so after 11 seconds."""
NEXT_TOO = ("--index-strategy", "unsafe-first-match")
"""Asks the next index where the first one has none of the versions that are wanted."""
ENDED_BY = "uv was ended by the signal"
OVER_TIME = "uv was ended, as it was still at work after"


class UvRefused(Exception):
    """uv ended with an error.

    Attributes:
        words: What it said, without logins and decoration.
        said: What it said, which may hold secrets; None when it said nothing more.
    """

    def __init__(self, words: str, said: Secret | None = None) -> None:
        self.words, self.said = words, said
        super().__init__(words)


def run_uv(
    arguments: Sequence[str],
    *,
    cwd: Path,
    environ: Mapping[str, str],
    indexes: IndexSettings,
    program: str | None = None,
    bounds: Bounds = BOUNDS,
) -> str:
    """Run `uv pip ...`, and give back what it wrote to its standard output.

    Args:
        arguments: What follows `uv pip`: a command and its options.
        cwd: The folder to run in.
        environ: The process environment, of which only what uv needs is passed on.
        indexes: Where packages come from. URLs reach uv by its environment, as arguments can be read by anybody.
        program: Where uv is; None for the one that is installed with us.
        bounds: What it may take.

    Raises:
        UvRefused: It ended with an error.
    """
    command = [program or find_uv_bin(), "pip", *arguments, *_common_options(indexes)]
    return _run(command, cwd, uv_environment(environ, indexes), indexes.secrets, bounds)


def install_python(version: str, folder: Path, environ: Mapping[str, str], bounds: Bounds) -> None:
    """Fetch an interpreter, which uv holds to the hash that it knows of it.

    Args:
        version: `3.12.1`.
        folder: Gets a folder for it.
        environ: The process environment: a mirror, proxies and certificates are those that uv knows.
        bounds: What it may take.

    Raises:
        UvRefused: It cannot be fetched.
    """
    command = [find_uv_bin(), "python", "install", version, "--install-dir", str(folder), *_FOR_PYTHON]
    mirrors = {name: environ[name] for name in _MIRRORS if environ.get(name)}
    secrets = [Secret(secret) for address in mirrors.values() for secret in secrets_of(address)]
    _run(command, folder, _FEW_RETRIES | uv_environment(environ, IndexSettings()) | mirrors, secrets, bounds)


def _run(command: Sequence[str], cwd: Path, seen: Mapping[str, str], secrets: Sequence[Secret], bounds: Bounds) -> str:
    trace(lambda: _told(command, seen, secrets))
    try:
        done = run_process(command, cwd=cwd, environ=seen, bounds=bounds)
    except OverTime as late:
        raise UvRefused(f"{OVER_TIME} {late.time}") from None
    if done.code != 0:
        said = done.words or done.answer
        if done.ended_by:
            said = f"{ENDED_BY} {done.ended_by}\n{said}".strip()
        raise UvRefused(clean(said, secrets), Secret(said) if said else None)
    return done.answer


def _told(command: Sequence[str], environ: Mapping[str, str], secrets: Sequence[Secret]) -> str:
    """The command line with uv's own variables before it, as a shell takes it; nothing that `clean` takes out."""
    settings = {name: value for name, value in environ.items() if name.startswith("UV_")}
    hidden = [*secrets, *(Secret(value) for value in secrets_in(environ))]
    words = [*(f"{name}={value}" for name, value in sorted(settings.items())), "uv", *command[1:]]
    return clean(shlex.join(words), hidden)


def target_options(python_version: str, platform: str, *, sources: Iterable[str] = ()) -> tuple[str, ...]:
    """Options that aim at the image's Python and platform, whatever runs here.

    Args:
        python_version: `3.11`.
        platform: A platform as uv names it.
        sources: Packages to take from their source; of all others wheels are taken.
    """
    only_wheels = ["--only-binary", ":all:"]
    for package in sources:
        only_wheels += ["--no-binary", package]
    return (
        *("--python-version", python_version),
        *("--python-platform", platform),
        *("--python", sys.executable, "--no-python-downloads"),
        *only_wheels,
    )


def _common_options(indexes: IndexSettings) -> list[str]:
    options = ["--no-config", "--quiet", "--color", "never"]
    if indexes.no_index:
        options.append("--no-index")
    if indexes.torch_backend:
        options += ["--torch-backend", indexes.torch_backend]
    if indexes.next_too:
        options += NEXT_TOO
    for host in indexes.trusted_hosts:
        options += ["--allow-insecure-host", host]
    return options


def uv_environment(environ: Mapping[str, str], indexes: IndexSettings) -> dict[str, str]:
    """What uv gets to see: paths, proxies, certificates, index settings. No tokens, inputs or settings of ours."""
    kept = environ_for(environ, _KEPT_UV)
    if indexes.index:
        kept.pop("UV_INDEX_URL", None)
        kept["UV_DEFAULT_INDEX"] = indexes.index.reveal()
    _append(kept, "UV_INDEX", " ", [url.reveal() for url in indexes.extra])
    # Folders too, as an option would take the variable's place. As URLs, they have no comma.
    links = [place.as_uri() if isinstance(place, Path) else place.reveal() for place in indexes.find_links]
    _append(kept, "UV_FIND_LINKS", ",", links)
    return kept


def secrets_in(environ: Mapping[str, str]) -> tuple[str, ...]:
    """What must not be shown of the variables that uv sees: passwords, and what `secrets_of` finds in addresses."""
    seen = uv_environment(environ, IndexSettings())
    passwords = [value for name, value in seen.items() if name.endswith("_PASSWORD")]
    addresses = [address for value in seen.values() for address in re.findall(r"https?://[^\s,]+", value)]
    return tuple(dict.fromkeys([*passwords, *(secret for address in addresses for secret in secrets_of(address))]))


def _append(environment: dict[str, str], name: str, separator: str, values: list[str]) -> None:
    if values:
        environment[name] = separator.join([*values, *filter(None, [environment.get(name)])])


def clean(text: str, secrets: Sequence[Secret] = ()) -> str:
    """The words of uv without logins, box drawings and its own headings."""
    text = without(text, (secret.reveal() for secret in secrets))
    text = re.sub(r"//[^/@\s`]*@", "//***@", text)
    text = re.sub(r"[\u00d7\u2570\u2500\u25b6\u251c\u2502]+", " ", text)
    lines = [re.sub(r"^\s*(?:error|cause):\s*", "", line).rstrip() for line in text.splitlines()]
    return "\n".join(line for line in lines if line and not _OWN_FLAG.search(line)).strip()


_OWN_FLAG = re.compile(r"--(?:system-certs|native-tls)\b")
"""A hint of uv that is about its command line, which nobody here types: `SSL_CERT_FILE` does it."""
