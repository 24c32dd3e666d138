"""The containers of a blob trigger, and of collected data: made when they are missing, otherwise left as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from azure.core.exceptions import ResourceNotFoundError

from functions_model.azure.clients import AzureClients
from functions_model.core.blob_paths import BlobPath, Literal, Parameter, Part, Setting, may_meet, parse_blob_path
from functions_model.core.failures import Problem
from functions_model.provision.changes import Action, Change, FieldChange, key_of
from functions_model.provision.host import Kind, Look, Wanted, Writing
from functions_model.provision.kinds import storage_account
from functions_model.provision.kinds.storage_account import ObservedAccounts, account_in
from functions_model.provision.nouns import BlobData
from functions_model.provision.observed import LiveApp, Observed, Piece

KIND = "blob container"
_CONTAINERS = "/blobServices/default/containers/"


@dataclass(frozen=True, slots=True)
class ObservedContainers(Piece):
    """The blob containers, of those wanted, that are there: account and name."""

    names: frozenset[tuple[str, str]] = frozenset()


def observe(clients: AzureClients, wanted: Wanted, seen: Observed) -> ObservedContainers | None:
    """Those of the wanted containers that are there."""
    asked = [container for container in containers_of(wanted, seen) if account_in(seen, container.account)]
    with ThreadPoolExecutor(max_workers=len(asked) or 1) as threads:
        there = list(threads.map(lambda container: _is_there(clients, wanted, container), asked))
    return ObservedContainers(frozenset(one.place for one, yes in zip(asked, there, strict=True) if yes))


def id_in(account_id: str, name: str) -> str:
    """ARM id of a container."""
    return f"{account_id}{_CONTAINERS}{name}"


def account_id_of(resource_id: str) -> str:
    """ARM id of the account that a container is in; any other id as it is."""
    return resource_id.partition(_CONTAINERS)[0]


def _is_there(clients: AzureClients, wanted: Wanted, container: Container) -> bool:
    try:
        clients.storage.blob_containers.get(**_where(wanted, container))
    except ResourceNotFoundError:
        return False
    return True


def _where(wanted: Wanted, container: Container) -> dict[str, str]:
    group = wanted.group_of(storage_account.TYPE, container.account)
    return {"resource_group_name": group, "account_name": container.account, "container_name": container.name}


def problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """Paths that cannot be filled in from app settings, or lead in a circle."""
    return (*path_problems(wanted, observed), *_collected_problems(wanted, observed))


def _collected_problems(wanted: Wanted, observed: Observed) -> Iterator[Problem]:
    """Collected data where a blob trigger would take it for input."""
    collect, data = wanted.target.collect, wanted.data
    if collect is None or not isinstance(data, BlobData) or wanted.resources.collect_storage_account != data.account:
        return
    if any(path.container_name({}) == collect.container for path in filled_paths(wanted, observed)[:1]):
        what = f"the blobs of the container `{collect.container}` start the function, and collected data would, too"
        yield Problem(what, "Set `collect-container` to another container.", "collect-container")


def notes(wanted: Wanted, observed: Observed) -> Iterator[str]:  # noqa: ARG001
    """Where to look for collected data."""
    if collect := wanted.target.collect:
        where = (
            f"the container `{collect.container}` of the storage account `{wanted.resources.collect_storage_account}`"
        )
        yield f"What the app collects goes into {where}, below `{collect.folder}/`."


def difference(wanted: Wanted, observed: Observed) -> tuple[Change, ...]:
    """Create or keep each."""
    return tuple(_change(container, wanted, observed) for container in containers_of(wanted, observed))


def _change(container: Container, wanted: Wanted, observed: Observed) -> Change:
    account_id = wanted.id_of(storage_account.TYPE, container.account)
    # The id, and the link that is made of it, would show the value of a setting.
    resource_id = "" if container.is_secret else id_in(account_id, container.name)
    if container.place in observed.all_of(ObservedContainers).names:
        return Change(KIND, container.shown, Action.KEEP, resource_id=resource_id)
    fields = (FieldChange("storage account", None, container.account), FieldChange("public access", None, "off"))
    depends_on = (storage_account.key(container.account),)
    return Change(KIND, container.shown, Action.CREATE, fields, "it does not exist", depends_on, resource_id)


def write(writing: Writing, observed: Observed) -> None:
    """Create it, through Resource Manager: that takes no role on the account's data."""
    containers = containers_of(writing.wanted, observed)
    container = next(container for container in containers if container.shown == writing.change.name)
    body: Any = {"properties": {"publicAccess": "None"}}
    writing.clients.storage.blob_containers.create(**_where(writing.wanted, container), blob_container=body)


def keys(wanted: Wanted, observed: Observed) -> tuple[str, ...]:
    """What the app depends on."""
    return tuple(key_of(KIND, container.shown) for container in containers_of(wanted, observed))


BLOB_CONTAINER = Kind(
    KIND,
    difference,
    write,
    looks=(Look("blob containers", (ObservedContainers,), observe, needs=(ObservedAccounts, LiveApp)),),
    problems=problems,
    notes=notes,
)


@dataclass(frozen=True, slots=True)
class Container:
    """A container that a path means, or that collected data goes to.

    Attributes:
        shown: Its name for people: `%SETTING%` where an app setting stands, because the value of one is a secret. With
            its account, where that takes nothing but what is collected.
        name: Its name in Azure.
        account: Its storage account.
    """

    shown: str
    name: str
    account: str

    @property
    def place(self) -> tuple[str, str]:
        """What tells it from all others."""
        return self.account, self.name

    @property
    def is_secret(self) -> bool:
        """Whether its name holds the value of an app setting."""
        return "%" in self.shown


def containers_of(wanted: Wanted, observed: Observed) -> tuple[Container, ...]:
    """Each container once, of those paths that can be filled in; `path_problems` tells of the others."""
    settings, data, collect = _settings(wanted, observed), wanted.data, wanted.target.collect
    found: dict[tuple[str, str], Container] = {}
    for _, path in _paths(wanted):
        filled = _filled(path, settings)
        if isinstance(data, BlobData) and filled is not None and (name := filled.container_name({})):
            found.setdefault((data.account, name), Container(_shown(path), name, data.account))
    if collect is not None and (account := wanted.resources.collect_storage_account):
        alone = f"{account}/" if wanted.resources.collecting_alone else ""
        collected = Container(f"{alone}{collect.container}", collect.container, account)
        found.setdefault(collected.place, collected)
    return tuple(found.values())


def filled_paths(wanted: Wanted, observed: Observed) -> tuple[BlobPath, ...]:
    """The input's path, and the output's where there is one, with the values of settings in them."""
    settings = _settings(wanted, observed)
    filled = (_filled(path, settings) for _, path in _paths(wanted))
    return tuple(path for path in filled if path is not None)


def path_problems(wanted: Wanted, observed: Observed) -> tuple[Problem, ...]:
    """Settings that nobody defines, values that make no path, and an output that would be the next input."""
    settings = _settings(wanted, observed)
    problems = [problem for subject, path in _paths(wanted) for problem in _problems_of(subject, path, settings)]
    return tuple(problems or _loop(wanted, settings))


def _problems_of(subject: str, path: BlobPath, settings: Mapping[str, str]) -> Iterator[Problem]:
    missing = [name for name in path.settings if name.lower() not in settings]
    for name in missing:
        what = f"there is no app setting `{name}` for `%{name}%` in the path"
        yield Problem(what, f"Give `{name}` a value with `app-settings`.", subject)
    if not missing and _filled(path, settings) is None:
        names = ", ".join(f"`{name}`" for name in path.settings)
        what = f"with the value of {names} it is no path of a container and a blob"
        remedy = "Correct the value: a container's name has 3 to 63 lower-case letters, digits and single hyphens."
        yield Problem(what, remedy, subject)


def _loop(wanted: Wanted, settings: Mapping[str, str]) -> Iterator[Problem]:
    filled = [_filled(path, settings) for _, path in _paths(wanted)]
    if len(filled) == 2 and filled[0] is not None and filled[1] is not None and may_meet(filled[0], filled[1]):
        what = "with the values of its app settings, what is written there would trigger the function again"
        yield Problem(what, "Set `output-path` to another container.", "output-path")


def _paths(wanted: Wanted) -> Iterator[tuple[str, BlobPath]]:
    """Each path with the input that it comes from."""
    if isinstance(wanted.data, BlobData):
        yield "input-path", wanted.data.input_path
        if wanted.data.output_path is not None:
            yield "output-path", wanted.data.output_path


def _settings(wanted: Wanted, observed: Observed) -> dict[str, str]:
    """What the app will know, by lower-case name: the host compares names without regard to case."""
    merged = wanted.host.settings(wanted, observed)
    return {name.lower(): value for name, value in merged.items() if value is not None}


def _filled(path: BlobPath, settings: Mapping[str, str]) -> BlobPath | None:
    """The path that the host reads: it fills in settings first, then takes the path apart. None when that fails."""
    try:
        filled = parse_blob_path("/".join(_text(parts, settings) for parts in (path.container, path.blob)))
    except (KeyError, ValueError):
        return None
    return filled if filled.container_name({}) else None


def _text(parts: tuple[Part, ...], settings: Mapping[str, str]) -> str:
    return "".join(_written(part, settings) for part in parts)


def _written(part: Part, settings: Mapping[str, str]) -> str:
    match part:
        case Literal(text):
            return text.replace("{", "{{").replace("}", "}}")
        case Parameter(name):
            return f"{{{name}}}"
        case Setting(name):
            return settings[name.lower()]


def _shown(path: BlobPath) -> str:
    return "".join(f"%{part.name}%" if isinstance(part, Setting) else _written(part, {}) for part in path.container)
