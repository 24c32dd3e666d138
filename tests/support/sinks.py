"""Everything that a text can be told to, on each host: what a person sees of it, and what the host takes for a command.

The commands of GitHub's runner are read as actions/runner does (ActionCommand.cs): white space is dropped before `::`,
and the older form, `##[name]`, is found anywhere in a line.
"""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from functions_model.ci.azure_pipelines import AzurePipelinesHost
from functions_model.ci.both import BothHosts
from functions_model.ci.github import GitHubHost, facts_of
from functions_model.ci.host import Level
from functions_model.ci.plain import PlainHost
from functions_model.core.failures import Failure, Location
from support.deployment import read_outputs
from support.pipelines_agent import Agent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from functions_model.ci.host import CiHost

_COMMAND = re.compile(r"^\s*::(?P<name>[^ :]+)[^:]*(?:::)(?P<data>.*)$")
_OLD_COMMAND = re.compile(r"##\[(?P<name>[^\] ]+)[^\]]*\](?P<data>.*)$")
_LINE_END = re.compile(r"\r\n|\r|\n")
_SUMMARY, _OUTPUTS = "summary.md", "outputs"
_SWALLOWED = ("::add-mask::", "##vso[task.setsecret]")
"""Commands of which the host shows nothing."""


@dataclass(frozen=True)
class Told:
    """What became of what was told.

    Attributes:
        shown: All that a person can see: the log without the commands that mask, page, outputs, kept log.
        log: As it was written.
        commands: Names of the commands in it, in order.
        outputs: As a later step reads them.
        page: The summary.
    """

    shown: str
    log: str
    commands: tuple[str, ...]
    outputs: dict[str, str]
    page: str


def github_commands(log: str) -> list[tuple[str, str]]:
    """Name and text of each workflow command that the runner would see."""
    found = [_COMMAND.search(line) or _OLD_COMMAND.search(line) for line in _LINE_END.split(log)]
    return [(match["name"], match["data"]) for match in found if match]


def on_github(folder: Path, use: Callable[[CiHost], object]) -> Told:
    """What a job of GitHub shows."""
    stream, kept = io.StringIO(), io.StringIO()
    outputs, page = folder / _OUTPUTS, folder / _SUMMARY
    names = {"GITHUB_OUTPUT": str(outputs), "GITHUB_STEP_SUMMARY": str(page), "GITHUB_WORKSPACE": str(folder)}
    use(BothHosts(GitHubHost(names, stream), PlainHost(kept)))
    log, written = stream.getvalue(), _read(outputs)
    commands = tuple(name for name, _ in github_commands(log))
    shown = "\n".join([_seen(log), _read(page), written, kept.getvalue()])
    return Told(shown, log, commands, read_outputs(written), _read(page))


def on_azure_pipelines(folder: Path, use: Callable[[CiHost], object]) -> Told:
    """What a job of Azure Pipelines shows."""
    stream = io.StringIO()
    use(AzurePipelinesHost({"AGENT_TEMPDIRECTORY": str(folder), "BUILD_SOURCESDIRECTORY": str(folder)}, stream))
    log = stream.getvalue()
    agent = Agent().read(log)
    page = "".join(_read(Path(file)) for file in agent.summaries)
    outputs = {re.sub("([A-Z])", r"-\1", name).lower(): value for name, value in agent.outputs.items()}
    return Told(f"{_seen(log)}\n{page}", log, tuple(agent.commands), outputs, page)


def on_a_console(folder: Path, use: Callable[[CiHost], object]) -> Told:
    """What a pipe shows."""
    return _plain(folder, use, terminal=False)


def on_a_terminal(folder: Path, use: Callable[[CiHost], object]) -> Told:
    """What somebody at a terminal sees."""
    return _plain(folder, use, terminal=True)


HOSTS = {
    "GitHub": on_github,
    "Azure Pipelines": on_azure_pipelines,
    "console": on_a_console,
    "terminal": on_a_terminal,
}


def _plain(folder: Path, use: Callable[[CiHost], object], *, terminal: bool) -> Told:
    stream, outputs, page = io.StringIO(), folder / _OUTPUTS, folder / _SUMMARY
    facts = replace(
        facts_of({}), summary=page, outputs=outputs, has_terminal=terminal, has_colours=terminal, is_brief=terminal
    )
    use(PlainHost(stream, facts))
    written = dict(line.partition("=")[::2] for line in _read(outputs).splitlines())
    found = {name.removeprefix("DEPLOY_").lower().replace("_", "-"): value for name, value in written.items()}
    log = stream.getvalue()
    return Told("\n".join([log, _read(page), _read(outputs)]), log, (), found, _read(page))


def tell_all(ci: CiHost, text: str, secrets: Iterable[str] = ()) -> None:
    """Mask the secrets, and tell the text in every way in which a run tells one."""
    for secret in secrets:
        ci.mask(secret)
    ci.info(text)
    ci.info(f"before {text} behind")
    with ci.group(text):
        ci.info(str(Failure("do it", text, text)))
    ci.annotate(Level.ERROR, text, Location(ci.facts.workspace / (text.replace("\0", "") or "x"), 1))
    ci.annotate(Level.WARNING, f"Could not do it: {text}. Try again.")
    ci.annotate(Level.NOTICE, text, minor=True)
    ci.summary(f"# Page\n\n{text}\n")
    ci.output("digest", text)
    ci.tell_annotations()


def _seen(log: str) -> str:
    return "\n".join(line for line in log.split("\n") if not line.startswith(_SWALLOWED))


def _read(file: Path) -> str:
    return file.read_bytes().decode(errors="surrogateescape") if file.exists() else ""
