"""What the agent of Azure Pipelines makes of a step's log, line by line.

After microsoft/azure-pipelines-agent 42bde98 (August 2026). Each rule names its source below
`src/`; where the agent compares by a culture, what has no width is passed over here.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field

_UNDONE = ((";", "%3B"), ("\r", "%0D"), ("\n", "%0A"), ("]", "%5D"))
"""Agent.Sdk/CommandStringConvertor.cs."""
_PREFIX = "##vso["
_NO_WIDTH = {"Cf", "Cc", "Mn"}


@dataclass
class Issue:
    """One error or warning of a step (Agent.Worker/TaskCommandExtension.cs, `CreateIssue`)."""

    type: str
    message: str
    path: str = ""
    line: str = ""


@dataclass
class Agent:
    """What a step has told its agent."""

    decode_percents: bool = True
    log: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    outputs: dict[str, str] = field(default_factory=dict)
    variables: dict[str, str] = field(default_factory=dict)
    issues: list[Issue] = field(default_factory=list)
    summaries: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    folds: int = 0

    def read(self, log: str) -> Agent:
        """Take a whole log (Agent.Sdk/ProcessInvoker.cs reads lines as .NET does: at a line feed, a return or both)."""
        for line in re.split(r"\r\n|\r|\n", log):
            self._line(line)
        return self

    def kept(self, level: str) -> list[Issue]:
        """The first ten of a level (Agent.Worker/ExecutionContext.cs, `_maxIssueCount`)."""
        return [issue for issue in self.issues if issue.type == level][:10]

    def _line(self, line: str) -> None:
        found = self._command(line)
        if found is None:
            if "##vso" in visible(line):
                self.complaints.append(line)
            self._write(line)
            return
        name, properties, data = found
        self.commands.append(name)
        self._carry_out(name, properties, data)

    def _command(self, line: str) -> tuple[str, dict[str, str], str] | None:
        """Microsoft.VisualStudio.Services.Agent/Command.cs, `TryParse`: anywhere in the line."""
        text = visible(line)
        start = text.find(_PREFIX)
        end = text.find("]", start) if start >= 0 else -1
        if end < 0:
            return None
        name, _, told = text[start + len(_PREFIX) : end].partition(" ")
        if len([part for part in name.split(".") if part]) != 2:
            return None
        pairs = (one.partition("=") for one in told.split(";") if one)
        properties = {key.lower(): self._undone(value) for key, _, value in pairs if value}
        return name.lower(), properties, self._undone(text[end + 1 :])

    def _undone(self, text: str) -> str:
        for character, escape in _UNDONE:
            text = text.replace(escape, character)
        return text.replace("%AZP25", "%") if self.decode_percents else text

    def _carry_out(self, name: str, properties: dict[str, str], data: str) -> None:
        match name:
            case "task.setsecret":
                self.secrets.append(data)
            case "task.setvariable":
                where = self.outputs if properties.get("isoutput", "").lower() == "true" else self.variables
                where[properties["variable"]] = data
            case "task.logissue":
                self._issue(properties, data)
            case "task.uploadsummary":
                self.summaries.append(data)
            case "task.complete":
                self.results.append(properties["result"])
            case _:
                self.complaints.append(name)

    def _issue(self, properties: dict[str, str], data: str) -> None:
        kind, path, line = properties["type"], properties.get("sourcepath", ""), properties.get("linenumber", "")
        message = f"{path}({line},{properties.get('columnnumber', '')}): {kind} : {data}" if path else data
        self.issues.append(Issue(kind, message, path, line))
        self._write(f"##[{kind}]{message}")

    def _write(self, line: str) -> None:
        """Microsoft.VisualStudio.Services.Agent/Logging.cs: folds are found anywhere in a line, in any case."""
        if "##[group]" in line.lower():
            self.folds += 1
        for secret in sorted(self.secrets, key=len, reverse=True):
            line = line.replace(secret, "***") if secret else line
        self.log.append(line)


def visible(line: str) -> str:
    """The line without what a comparison by a culture passes over."""
    return "".join(character for character in line if unicodedata.category(character) not in _NO_WIDTH)
