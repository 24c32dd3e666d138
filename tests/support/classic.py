"""The classic guide: the `az` commands that took a packaged model to a function app with a blob or a queue trigger."""

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
        containers: Those of a blob trigger.
        namespace: That of a Service Bus queue trigger; empty with a blob trigger.
        queues: In it.
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
    namespace: str = ""
    queues: tuple[str, ...] = ("input", "output")


def classic_commands(names: ClassicNames) -> list[list[str]]:
    """Every command, in the guide's order, without `az` itself.

    The guide itself goes on with a blob trigger. With a Service Bus queue trigger the commands for the storage are
    replaced by those for the namespace, as the package's reference says what its app needs.
    """
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
        *([] if names.namespace else [["storage", "account", "show-connection-string", *account]]),
        [
            *("functionapp", "create", *app, "--plan", names.plan, "--storage-account", names.storage),
            *("--image", image, "--functions-version", "4", "--disable-app-insights", "true"),
        ],
        *(_queues(names) if names.namespace else _containers(names)),
        ["functionapp", "config", "appsettings", "set", *app, "--settings", f"TriggerConnectionString={CONNECTION}"],
        ["acr", "credential", "show", "--name", names.registry],
        ["acr", "repository", "show-tags", "--name", names.registry, "--repository", names.image.partition(":")[0]],
        [
            *("functionapp", "config", "container", "set", *app, "--image", image),
            *("--registry-server", f"https://{names.login_server}"),
            *("--registry-username", USERNAME, "--registry-password", PASSWORD),
        ],
    ]


def _containers(names: ClassicNames) -> list[list[str]]:
    return [
        ["storage", "container", "create", "--name", container, "--connection-string", CONNECTION]
        for container in names.containers
    ]


def _queues(names: ClassicNames) -> list[list[str]]:
    there = ["--resource-group", names.group, "--namespace-name", names.namespace]
    return [
        [
            *("servicebus", "namespace", "create", "--name", names.namespace, "--resource-group", names.group),
            *("--location", names.location, "--sku", "Standard"),
        ],
        *(["servicebus", "queue", "create", *there, "--name", queue] for queue in names.queues),
        [
            *("servicebus", "namespace", "authorization-rule", "keys", "list", *there),
            *("--name", "RootManageSharedAccessKey"),
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
        if words[2:5] == ["authorization-rule", "keys", "list"]:
            answers[CONNECTION] = given["primaryConnectionString"]
        if words[:2] == ["acr", "credential"]:
            answers |= {USERNAME: given["username"], PASSWORD: given["passwords"][0]["value"]}


def _filled(word: str, answers: dict[str, str]) -> str:
    for name, value in answers.items():
        word = word.replace(name, value)
    return word
