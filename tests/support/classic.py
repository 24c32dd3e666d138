"""The classic guide: the `az` commands that took a packaged model to a function app with a blob trigger."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

CONNECTION, USERNAME, PASSWORD = "{connection}", "{username}", "{password}"
"""Stand in a command for what an earlier one has answered."""


@dataclass(frozen=True)
class ClassicNames:
    """What the guide has its readers fill in.

    Attributes:
        registry: The registry's name.
        login_server: Its host.
        image: Repository and tag: `package:1`.
    """

    group: str
    location: str
    plan: str
    storage: str
    app: str
    registry: str
    login_server: str
    image: str
    containers: tuple[str, ...] = ("input", "output")


def classic_commands(names: ClassicNames) -> list[list[str]]:
    """Every command, in the guide's order, without `az` itself."""
    app = ["--name", names.app, "--resource-group", names.group]
    account = ["--name", names.storage, "--resource-group", names.group]
    image = f"{names.login_server}/{names.image}"
    return [
        ["group", "create", "--name", names.group, "--location", names.location],
        [
            *("functionapp", "plan", "create", "--name", names.plan, "--resource-group", names.group),
            *("--sku", "EP1", "--is-linux"),
        ],
        ["storage", "account", "create", *account, "--location", names.location, "--sku", "Standard_LRS"],
        ["storage", "account", "show-connection-string", *account],
        [
            *("functionapp", "create", *app, "--plan", names.plan, "--storage-account", names.storage),
            *("--image", image, "--functions-version", "4", "--disable-app-insights", "true"),
        ],
        *(
            ["storage", "container", "create", "--name", container, "--connection-string", CONNECTION]
            for container in names.containers
        ),
        ["functionapp", "config", "appsettings", "set", *app, "--settings", f"TriggerConnectionString={CONNECTION}"],
        ["acr", "credential", "show", "--name", names.registry],
        ["acr", "repository", "show-tags", "--name", names.registry, "--repository", names.image.partition(":")[0]],
        [
            *("functionapp", "config", "container", "set", *app, "--image", image),
            *("--registry-server", f"https://{names.login_server}"),
            *("--registry-username", USERNAME, "--registry-password", PASSWORD),
        ],
    ]


def run_classic(az_json: Callable[..., Any], names: ClassicNames) -> None:
    """Run them, one after the other, as a reader of the guide does.

    Args:
        az_json: Runs one command and gives its answer; raises when it fails.
        names: For what the reader fills in.
    """
    answers: dict[str, str] = {}
    for words in classic_commands(names):
        given = az_json(*(_filled(word, answers) for word in words))
        if words[2] == "show-connection-string":
            answers[CONNECTION] = given["connectionString"]
        if words[:2] == ["acr", "credential"]:
            answers |= {USERNAME: given["username"], PASSWORD: given["passwords"][0]["value"]}


def _filled(word: str, answers: dict[str, str]) -> str:
    for name, value in answers.items():
        word = word.replace(name, value)
    return word
