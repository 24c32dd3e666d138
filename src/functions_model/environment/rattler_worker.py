"""py-rattler in a process of its own: what makes it crash, such as a channel that is made for it, ends no run.

Run by its path, isolated, and without a `site` (`python -I -S`): it starts quickly, and imports Python's own modules
and py-rattler alone. It takes one request as JSON from its standard input, gives one answer as JSON to its standard
output, and ends at once: py-rattler's own threads let go of Python's objects just after they have answered, and an
interpreter that ends in that moment crashes (seen with 0.28).

An answer is what was asked for, or `{"error": {"kind": ..., "words": ...}}`. Records of packages are as py-rattler
writes them, and hold addresses; whoever asks keeps them secret.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import re
import sys
import time
from collections.abc import Callable, Coroutine, Iterable
from pathlib import PurePosixPath
from typing import Any, TypeAlias
from urllib.parse import unquote, urlsplit

Json: TypeAlias = dict[str, Any]

_PANICS = frozenset({"RustPanic", "PanicException"})
"""What py-rattler raises where it meets what it does not expect; classes of no module that could be imported."""
_IMAGE = (("__unix", "0", "0"), ("__linux", "5.10", "0"), ("__glibc", "2.31", "0"), ("__archspec", "1", "x86_64"))
"""What packages find in every image: the oldest base is Debian 11, on any x86-64 processor, without a GPU."""
_AT_A_TIME = 16
_OLD = "a component is missing"
"""What py-rattler says of a package without `info/paths.json`, as they were made until 2017."""
_OF_PYTHON = re.compile(r"python(?:_abi)?(?:\s|$|[<>=!~])")
_OFTEN = 0.1
"""Seconds between two words of how far a download is."""
_MOST, _MOST_WORDS = 64 << 20, 1 << 16
"""Characters of an answer, and of the words of an error. Those of a thousand packages are a few millions."""


async def solve(rattler: Any, asked: Json) -> Json:
    """Packages for some specifications, with what of their files says which Python distributions they bring.

    Args:
        rattler: The module.
        asked: `channels` (locations), `specs` (of each its `text`, the number of the `channel` that it names, and the
            `plain` text without a build), `python` (a specification), `platforms`, `systems` (others), `cache` (a
            folder).

    Returns:
        `channels` (their addresses) and `packages` (`record`, `outside`, `metadata`); or `unreadable` (the number of a
        specification, and why); or an error, with what the channels have of each specification (`offers`) when nothing
        fits together.
    """
    sources = [rattler.Channel(location) for location in asked["channels"]]
    urls = [source.base_url for source in sources]
    specs, unreadable = _specs(rattler, asked["specs"], urls)
    if unreadable:
        return {"unreadable": unreadable}
    gateway = _gateway(rattler, asked)
    name, version, build = rattler.PackageName, rattler.Version, rattler.package.BuildString
    try:
        records = await rattler.solve(
            sources=sources,
            specs=[*specs, rattler.MatchSpec(asked["python"])],
            gateway=gateway,
            platforms=asked["platforms"],
            virtual_packages=[rattler.GenericVirtualPackage(name(a), version(b), build(c)) for a, b, c in _IMAGE],
            channel_relations="disabled",
        )
    except rattler.exceptions.SolverError as error:
        return {**told(error), "offers": await _offers(rattler, asked, sources, specs)}
    try:
        listings = await _listings(rattler, records)
    except errors_of(rattler) as error:
        return {**told(error), "reading": True}
    packages = [
        {"record": json.loads(record.to_json()), **listing} for record, listing in zip(records, listings, strict=True)
    ]
    return {"channels": urls, "packages": packages}


def _specs(rattler: Any, asked: Iterable[Json], urls: list[str]) -> tuple[list[Any], list[tuple[int, str]]]:
    specs, unreadable = [], []
    for number, one in enumerate(asked):
        text = one["text"] if one["channel"] is None else f"{urls[one['channel']].rstrip('/')}::{one['text']}"
        try:
            specs.append(rattler.MatchSpec(text))
        except rattler.exceptions.InvalidMatchSpecError as error:
            unreadable.append((number, str(error)))
    return specs, unreadable


def _gateway(rattler: Any, asked: Json) -> Any:
    return rattler.Gateway(cache_dir=asked["cache"], client=rattler.Client.default_client())


async def _offers(rattler: Any, asked: Json, sources: list[Any], specs: list[Any]) -> list[Json]:
    """What the channels have of each specification, for the image and for other systems; nothing where none can say."""

    async def query(platforms: list[str]) -> dict[str, list[Any]]:
        names = [spec.name.normalized for spec in specs]
        gateway = _gateway(rattler, asked)
        found = await gateway.query(sources, platforms, names, recursive=False, channel_relations="disabled")
        by_name: dict[str, list[Any]] = {}
        for record in (record for records in found for record in records):
            by_name.setdefault(str(record.name.normalized), []).append(record)
        return by_name

    try:
        here = await query(asked["platforms"])
    except errors_of(rattler):
        return []
    try:
        elsewhere = await query(asked["systems"])
    except errors_of(rattler):  # a channel need not have folders for other systems
        elsewhere = {}
    offers = []
    for spec, one in zip(specs, asked["specs"], strict=True):
        name, plain = str(spec.name.normalized), one["plain"] and rattler.MatchSpec(one["plain"])
        offers.append(_offer(spec, plain, here.get(name, []), elsewhere.get(name, [])))
    return offers


def _offer(spec: Any, plain: Any, here: list[Any], elsewhere: list[Any]) -> Json:
    return {
        "is_known": bool(here),
        "fits": any(spec.matches(record) for record in here),
        "has_other_build": bool(plain) and any(plain.matches(record) for record in here),
        "systems": sorted({str(record.subdir) for record in elsewhere}),
        "systems_of_build": sorted({str(record.subdir) for record in elsewhere if spec.matches(record)}),
    }


async def _listings(rattler: Any, records: list[Any]) -> list[Json]:
    """Of each package the first file outside of its folder, and those that tell of Python distributions.

    Of a remote `.conda` file only its list of files is read.
    """
    client, few = rattler.Client.default_client(), asyncio.Semaphore(_AT_A_TIME)

    async def listing(record: Any) -> Json:
        async with few:
            parts, archive = urlsplit(record.url), rattler.package_streaming.PackageArchive
            is_file = parts.scheme == "file"
            opening = archive.from_path(unquote(parts.path)) if is_file else archive.from_url(client, record.url)
            try:
                listed = await (await opening).paths_json()
            except errors_of(rattler) as error:
                if _is_of_python(record) or _OLD not in str(error):
                    raise
                return {"outside": None, "metadata": []}
            paths = [str(path.relative_path) for path in listed.paths]
            metadata = [path for path in paths if "-info" in path] if _is_of_python(record) else []
            return {"outside": next(filter(_is_outside, paths), None), "metadata": metadata}

    return await asyncio.gather(*(listing(record) for record in records))


def _is_outside(path: str) -> bool:
    pure = PurePosixPath(path)
    return pure.is_absolute() or ".." in pure.parts


def _is_of_python(record: Any) -> bool:
    return bool(record.noarch.python) or any(map(_OF_PYTHON.match, record.depends))


async def install(rattler: Any, asked: Json) -> Json:
    """Link packages into a folder, with the paths that hold in the image. No script of a package runs.

    Args:
        rattler: The module.
        asked: `records`, `prefix` (the folder), `cache` (another one), `means` (the path in the image), `platform`, and
            `told` (a file descriptor that takes the bytes of all downloads so far, a line each time).
    """
    await rattler.install(
        _records(rattler, asked["records"]),
        target_prefix=asked["prefix"],
        cache_dir=asked["cache"],
        installed_packages=[],
        platform=rattler.Subdir(asked["platform"]),
        execute_link_scripts=False,
        show_progress=False,
        client=rattler.Client.default_client(),
        reporter=_reporter(rattler, asked["told"]),
        alternative_target_prefix=asked["means"],
    )
    return {}


def _records(rattler: Any, written: Iterable[Json]) -> list[Any]:
    """Records as py-rattler's own, by way of a file in memory alone: there may be tokens in their addresses."""
    by_file = {one["fn"]: one for one in written}
    kinds = {"packages": ".tar.bz2", "packages.conda": ".conda"}
    document = {
        kind: {name: one for name, one in by_file.items() if name.endswith(extension)}
        for kind, extension in kinds.items()
    }
    with open(os.memfd_create("records"), "w", encoding="utf-8") as file:  # noqa: PTH123 - it has no path
        json.dump({"info": {}, **document}, file)
        file.flush()
        read = rattler.RepoData.from_path(f"/proc/self/fd/{file.fileno()}")
    records: list[Any] = read.into_repo_data(rattler.Channel("none"))
    if len(records) != len(by_file):
        message = "a package is of a kind that is not known"
        raise RuntimeError(message)
    for record in records:
        record.url, record.channel = (by_file[record.file_name][name] for name in ("url", "channel"))
    return records


def _reporter(rattler: Any, told_at: int) -> Any:
    """Adds up the bytes of all downloads."""
    fetched: dict[int, int] = {}
    last = 0.0

    class Downloads(rattler.InstallerReporter):  # type: ignore[misc]
        """py-rattler calls these from its own threads."""

        def on_download_start(self, cache_entry: int) -> int:
            return cache_entry

        def on_download_progress(self, download_idx: int, progress: int, total: int | None) -> None:
            nonlocal last
            del total  # of this one
            fetched[download_idx] = progress
            if time.monotonic() > last + _OFTEN:
                last = time.monotonic()
                os.write(told_at, b"%d\n" % sum(fetched.values()))

    return Downloads()


def errors_of(rattler: Any) -> tuple[type[Exception], ...]:
    """Everything that py-rattler raises: errors of its own, and for some transfers those of Python."""
    own = [one for one in vars(rattler.exceptions).values() if isinstance(one, type) and issubclass(one, Exception)]
    return (OSError, RuntimeError, *own)


def told(error: BaseException, kind: str = "") -> Json:
    """An error of that kind, else of its class's name, with what each in its chain says."""
    kind, words = kind or type(error).__name__, [str(error)]
    while (cause := error.__cause__ or error.__context__) is not None:
        words.append(str(cause))
        error = cause
    return {"error": {"kind": kind, "words": "\n".join(words)[:_MOST_WORDS]}}


def written(answer: Json, most: int = _MOST) -> str:
    """An answer as JSON; an error in its place when it is so long that whoever reads it could run out of memory."""
    text = json.dumps(answer)
    if len(text) <= most:
        return text
    return json.dumps(told(RuntimeError(f"what the packages say of themselves has more than {most} characters")))


_WORK: dict[str, Callable[[Any, Json], Coroutine[Any, Any, Json]]] = {"solve": solve, "install": install}


def main() -> None:
    """Do what standard input asks for. An error of our own is a traceback, and no answer."""
    asked = json.load(sys.stdin)
    answers = os.dup(1)
    os.dup2(2, 1)  # whoever prints says no answer
    sys.path.append(asked["folder"])
    try:
        rattler = importlib.import_module("rattler")
        for part in ("exceptions", "package_streaming"):  # which it does not import by itself
            importlib.import_module(f"rattler.{part}")
        answer = _answer(rattler, asked)
    except ImportError as error:
        answer = told(error)
    with open(answers, "w", encoding="utf-8") as file:  # noqa: PTH123 - it has no path
        file.write(written(answer))
    os._exit(0)


def _answer(rattler: Any, asked: Json) -> Json:
    try:
        return asyncio.run(_WORK[asked["work"]](rattler, asked))
    except errors_of(rattler) as error:
        return told(error)
    except BaseException as error:
        if type(error).__name__ not in _PANICS:
            raise
        return told(error, "Panic")


if __name__ == "__main__":
    main()
