"""`functions-model doctor` asked by a login of its own, and its commands typed by somebody who may."""

from __future__ import annotations

import re
import resource
import shlex
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from azure_sandbox.arm.ids import ResourceId
from azure_sandbox.arm.store import Resource
from azure_sandbox.endpoints import LOCATION
from support.console import command, console_environ
from support.documented_roles import Needed, RobotLogin, new_registry, robot_login, roles_in
from support.leaks import leaks
from support.project import write_echo_project

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox
    from support.az import Az

_LINE = re.compile(r"  (ok|warning|problem|not asked) +(.+?): (.*)")
_COMMAND = re.compile(r"    ((?:az|uv|functions-model) .*)")
_ROLES = roles_in("README.md", "Login by OIDC")
_SECONDS, _PATIENCE = 120, 3
OTHER_GROUP = "group-of-somebody-else"


@dataclass(frozen=True, slots=True)
class Report:
    """What it said.

    Attributes:
        code: The exit code.
        text: All of it.
        busy: Seconds of a processor that it took: how long it takes depends on what else the machine does.
    """

    code: int
    text: str
    busy: float

    @property
    def lines(self) -> list[tuple[str, str, str]]:
        """State, topic and words of each thing that was looked at."""
        return [(found[1], found[2], found[3]) for line in self.text.splitlines() if (found := _LINE.fullmatch(line))]

    @property
    def commands(self) -> list[str]:
        """What it says to type."""
        return [found[1] for line in self.text.splitlines() if (found := _COMMAND.fullmatch(line))]

    def of(self, state: str) -> set[str]:
        """The topics with a state."""
        return {topic for found, topic, _ in self.lines if found == state}

    def words(self, topic: str) -> str:
        """All that is said of a topic."""
        return "\n".join(what for _, found, what in self.lines if found == topic)


@dataclass(slots=True)
class Ward:
    """A project, an empty resource group, a registry, and a login that holds what the README asks for.

    Attributes:
        sandbox: Where they are.
        folder: Of the project.
        name: Of the app; unique in the sandbox.
        inputs: What `doctor` is given.
        secret: Of the login.
        login: Its object id.
    """

    sandbox: Sandbox
    folder: Path
    name: str
    inputs: dict[str, str] = field(init=False)
    secret: str = field(init=False)
    login: str = field(init=False)
    places: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        robot = robot_login(self.sandbox, self.name)
        made = new_registry(self.sandbox, self.group, f"{self.name}registry".replace("-", ""))
        subscription = f"/subscriptions/{self.sandbox.subscription_id}"
        group = f"{subscription}/resourceGroups/{self.group}"
        self.places = {"the resource group": group, "the registry": made.id, "the subscription": subscription}
        self.login, self.secret = robot.object_id, robot.inputs["client_secret"]
        self.inputs = {
            **self.sandbox.endpoints.inputs(),
            **write_echo_project(self.folder),
            "app-name": self.name,
            "resource-group": self.group,
            "registry": made.login_server,
            "client-id": robot.inputs["client_id"],
        }

    @property
    def group(self) -> str:
        """The resource group."""
        return f"{self.name}-group"

    def grant(self, *roles: str) -> None:
        """Give the login those of the README's roles that are named."""
        wanted = [one for one in _ROLES if "when" not in one.on and one.role in roles]
        RobotLogin(self.sandbox, self.login, {}).grant(tuple(wanted), self.places)

    def grant_on_subscription(self, *roles: str) -> None:
        """Give the login roles on the whole subscription."""
        needed = tuple(Needed(role, "the subscription") for role in roles)
        RobotLogin(self.sandbox, self.login, {}).grant(needed, self.places)

    def take_account(self) -> str:
        """The name of a storage account that is there already, in another group."""
        name = f"{self.name}taken".replace("-", "")[:24]
        self.sandbox.arm.groups.put(OTHER_GROUP, LOCATION, {})
        place = ResourceId(
            self.sandbox.subscription_id, OTHER_GROUP, "Microsoft.Storage", ("storageAccounts",), (name,)
        )
        self.sandbox.arm.store.put(Resource(place, LOCATION))
        return name

    def ask(self, *options: str, **changes: str | None) -> Report:
        """Ask the doctor, who waits for no answer that takes long: on a busy machine, ask again.

        `app_name=None` leaves that input out.
        """
        for _ in range(_PATIENCE):
            report = self._ask(*options, **changes)
            if "no answer within" not in report.text:
                break
        return report

    def _ask(self, *options: str, **changes: str | None) -> Report:
        changed = {name.replace("_", "-"): value for name, value in changes.items()}
        given = {name: value for name, value in {**self.inputs, **changed}.items() if value is not None}
        words = [word for name, value in given.items() for word in (f"--{name}", value)]
        environ = {
            **console_environ(),
            **self.sandbox.endpoints.environ(),
            "FUNCTIONS_MODEL_CLIENT_SECRET": self.secret,
        }
        before = _busy()
        done = subprocess.run(
            command("doctor", *words, *options),
            cwd=self.folder,
            env=environ,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        assert leaks(f"{done.stdout}{done.stderr}".encode(), {self.secret}) == []
        assert done.stderr == ""
        return Report(done.returncode, done.stdout, _busy() - before)

    def type(self, az: Az, report: Report) -> None:
        """Type its commands, as whoever may."""
        for line in report.commands:
            done = az.run(*shlex.split(line)[1:])
            assert done.returncode == 0, f"{line}\n{done.stderr}"


def _busy() -> float:
    """Of all processes that were started here and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
