"""What the pages say that a login needs, read from their tables and commands: page and test cannot drift apart."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import uuid4

from azure_sandbox.arm.authorization.definitions import ROLES, RoleDefinition
from azure_sandbox.arm.ids import ResourceId
from azure_sandbox.endpoints import LOCATION
from support.tools import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from azure_sandbox.sandbox import Sandbox

_COMMAND = re.compile(r'az role assignment create --assignee <appId> --role (?:"([^"]+)"|(\S+)) --scope "\$(\w+)"')


@dataclass(frozen=True, slots=True)
class Needed:
    """One role that a page asks for.

    Attributes:
        role: Its name.
        on: What it is held on, in the page's words.
    """

    role: str
    on: str


def roles_in(page: str, heading: str) -> tuple[Needed, ...]:
    """The rows of the tables with the columns `role` and `on` in a section of a page, in order."""
    return tuple(Needed(row["role"], row["on"]) for row in tables(page, heading) if {"role", "on"} <= row.keys())


def commands_in(page: str, heading: str) -> tuple[tuple[Needed, ...], ...]:
    """The roles that the commands of a section assign, block by block; a command's variable says on what."""
    blocks = re.findall(r"^```sh\n(.*?)^```", _section(page, heading), re.DOTALL | re.MULTILINE)
    found = (_COMMAND.findall(block) for block in blocks)
    return tuple(tuple(Needed(quoted or bare, f"the {what}") for quoted, bare, what in block) for block in found)


def defined_in(page: str, heading: str) -> RoleDefinition:
    """The role of your own that a section's command makes."""
    command = re.search(r"az role definition create --role-definition '(.*?)'", _section(page, heading), re.DOTALL)
    assert command
    role = json.loads(command[1])
    return RoleDefinition(str(uuid4()), role["Name"], tuple(role["Actions"]))


def tables(page: str, heading: str) -> Iterator[dict[str, str]]:
    """The rows of each table of a section, by the names of its columns."""
    columns: list[str] = []
    for line in _section(page, heading).splitlines():
        if not line.strip().startswith("|"):
            columns = []
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not columns:
            columns = cells
        elif set("".join(cells)) - set("-: "):
            yield dict(zip(columns, cells, strict=True))


def _section(page: str, heading: str) -> str:
    """What stands below a heading, up to the next one of its level or above."""
    text = (ROOT / page).read_text()
    level, found = re.search(rf"^(#+) {re.escape(heading)}$", text, re.MULTILINE), ""
    assert level, f"{page} has no heading `{heading}`"
    found = text[level.end() :]
    end = re.search(rf"^#{{1,{len(level[1])}}} ", found, re.MULTILINE)
    return found[: end.start()] if end else found


@dataclass(frozen=True, slots=True)
class RobotLogin:
    """A login of its own, with a secret, that holds nothing at first."""

    sandbox: Sandbox
    object_id: str
    inputs: Mapping[str, str]

    def grant(self, needed: tuple[Needed, ...], places: Mapping[str, str]) -> None:
        """Give it the roles of a page; `places` says what the page's words mean, as ARM ids."""
        ids = {role.name: role.id for role in ROLES.values()}
        for one in needed:
            self.sandbox.roles.grant(self.object_id, ids[one.role], places[one.on])


def robot_login(sandbox: Sandbox, name: str) -> RobotLogin:
    """A new one."""
    made = sandbox.directory.add_application(name)
    return RobotLogin(
        sandbox, made.principal.object_id, {"client_id": made.principal.client_id, "client_secret": made.secret}
    )


@dataclass(frozen=True, slots=True)
class NewRegistry:
    """A registry: its ARM id, and its host."""

    id: str
    login_server: str


def new_registry(sandbox: Sandbox, group: str, name: str, **properties: object) -> NewRegistry:
    """A registry in a group, which is made, too."""
    sandbox.arm.groups.put(group, LOCATION, {})
    place = ResourceId(sandbox.subscription_id, group, "Microsoft.ContainerRegistry", ("registries",), (name,))
    made = sandbox.arm.registries.create(place, LOCATION, {"sku": {"name": "Premium"}, "properties": properties})
    return NewRegistry(str(place), str(made.properties["loginServer"]))
