"""Azure Pipelines: logging commands on standard output, files that the agent uploads, identity tokens over HTTPS.

How the agent reads them: microsoft/azure-pipelines-agent 42bde98 (August 2026), Microsoft.VisualStudio.Services.Agent/
Command.cs, Agent.Sdk/CommandStringConvertor.cs and Agent.Worker/TaskCommandExtension.cs below `src`.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from functions_model.ci.annotations import Annotation
from functions_model.ci.host import Advice, Facts, Level
from functions_model.ci.identity import JobIdentity, TokenEndpoint
from functions_model.ci.scrub import FoldedLog
from functions_model.ci.service_connection import service_connection

ANNOTATIONS = 10
"""Of each level that the agent keeps of a step (src/Agent.Worker/ExecutionContext.cs, `_maxIssueCount`)."""
_MARKS = {Level.ERROR: "error", Level.WARNING: "warning"}
"""There is no command for notices."""
ADVICE = Advice(
    identity="Run the command in a step of `AzureCLI@2` with your service connection, and give the step"
    " `env: { SYSTEM_ACCESSTOKEN: $(System.AccessToken) }`, or give `client-secret`.",
    subject="The page of the service connection shows issuer and subject.",
    one_at_a_time="Let one deployment at a time go to an app; on Azure Pipelines, an exclusive lock of the environment"
    " does that.",
)
_CERTIFICATE = (
    "A service connection with a certificate is not supported: choose one with workload identity federation, or with a"
    " secret."
)
_ESCAPES = (("%", "%AZP25"), (";", "%3B"), ("\r", "%0D"), ("\n", "%0A"), ("]", "%5D"))


class AzurePipelinesHost(FoldedLog):
    """Speaks to the agent of an Azure Pipelines job.

    Args:
        environ: The job's environment.
        stream: Standard output, where the agent reads logging commands.
        clock: Seconds, for durations.
        pause: Waits that many seconds between two attempts.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        stream: TextIO,
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(stream, ANNOTATIONS, clock)
        self.facts = pipeline_facts(environ)
        self._folder = Path(environ.get("AGENT_TEMPDIRECTORY") or self.facts.workspace)
        self._pages = 0
        self._identity = JobIdentity(pipeline_endpoint(environ), pause=pause)
        # A job may switch off that the agent undoes it (src/Agent.Sdk/Knob/AgentKnobs.cs, `DecodePercents`).
        self._escapes = _ESCAPES[environ.get("DECODE_PERCENTS", "").lower() == "false" :]

    def mask(self, value: str) -> None:
        """Tell the agent to star this value out, in every later line of the whole job."""
        for text in self._remember(value):
            self._command("task.setsecret", {}, text)

    def info(self, text: str) -> None:
        """Write it. A line that would be read as a command is defused: log text is never trusted."""
        self._write(harmless(self.scrub(text)))

    def begin_fold(self, title: str) -> None:
        """The agent knows no group within a group."""
        self._write(f"##[group]{harmless(self.scrub(title))}")

    def end_fold(self) -> None:
        """The agent passes over an end without a beginning (Logging.cs)."""
        self._write("##[endgroup]")

    def tell_annotation(self, one: Annotation) -> None:
        """An issue of the run, on the user's file and line where one is given; a notice is a line of the log."""
        text, location = self.scrub(one.message), one.location
        if one.level not in _MARKS:
            self.info(text)
            return
        place = {}
        # Without a line the agent would write `score.py(,)` before the text.
        if location and location.line:
            place = {
                "sourcepath": self.scrub(str(location.file)),
                "linenumber": str(location.line),
                "columnnumber": "1",
            }
        self._command("task.logissue", {"type": _MARKS[one.level], **place}, text)

    def _write_output(self, name: str, value: str) -> None:
        """An output variable of the step: `app-url` is read as `$(step.appUrl)`."""
        self._command("task.setvariable", {"variable": camel_case(name), "isOutput": "true"}, value)

    def summary(self, markdown: str) -> None:
        """A page of the run: the agent uploads a file, each under its own name."""
        self._pages += 1
        ending = f" {self._pages}" if self._pages > 1 else ""
        page = self._folder / f"Function app{ending}.md"
        if self._write_file(page, "AGENT_TEMPDIRECTORY", self.scrub(markdown) + "\n", "w"):
            self._command("task.uploadsummary", {}, str(page))

    def identity_token(self, audience: str) -> str:
        """A fresh token of the service connection, which says itself whom it is for. It lives some ten minutes.

        Raises:
            LoginFailed: The step has no service connection or no access token, or the endpoint does not answer.
        """
        return self._identity.token(audience, self.mask)

    def _command(self, name: str, properties: Mapping[str, str], text: str) -> None:
        told = ";".join(f"{key}={self._escaped(value)}" for key, value in properties.items())
        self._write(f"##vso[{name}{f' {told}' if told else ''}]{self._escaped(text)}")

    def _escaped(self, text: str) -> str:
        for character, escape in self._escapes:
            text = text.replace(character, escape)
        return text


def camel_case(name: str) -> str:
    """`app-url` as variables, parameters and inputs of Azure Pipelines are spelt: `appUrl`."""
    first, *others = name.split("-")
    return "".join((first, *(word.capitalize() for word in others)))


def pipeline_endpoint(environ: Mapping[str, str]) -> TokenEndpoint:
    """Where a step asks for tokens of its service connection, as azure-identity's `AzurePipelinesCredential` does."""
    connection = service_connection(environ)
    return TokenEndpoint(
        environ.get("SYSTEM_OIDCREQUESTURI", "").rstrip("/") if connection.federated else "",
        connection.access,
        ADVICE.identity,
        method="POST",
        answer="oidcToken",
        audience="",
        parameters={"api-version": "7.1", "serviceConnectionId": connection.id},
        headers={"Content-Type": "application/json", "X-TFS-FedAuthRedirect": "Suppress"},
    )


def pipeline_facts(environ: Mapping[str, str]) -> Facts:
    """What the agent's variables say: https://learn.microsoft.com/azure/devops/pipelines/build/variables."""
    connection = service_connection(environ)
    collection, project = environ.get("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", ""), environ.get("SYSTEM_TEAMPROJECTID", "")
    build = environ.get("BUILD_BUILDID", "")
    pages = f"{collection.rstrip('/')}/{project}/_build/results?buildId={build}"
    return Facts(
        workspace=Path(environ.get("BUILD_SOURCESDIRECTORY") or Path.cwd()),
        advice=replace(ADVICE, identity=_CERTIFICATE) if connection.by_certificate else ADVICE,
        source=_without_login(environ.get("BUILD_REPOSITORY_URI", "")),
        revision=environ.get("BUILD_SOURCEVERSION", ""),
        run_url=pages if collection and project and build else "",
        connection=connection.says,
        has_identity=JobIdentity(pipeline_endpoint(environ)).available,
        debug=environ.get("SYSTEM_DEBUG", "").lower() == "true",
    )


def _without_login(url: str) -> str:
    """`https://org@dev.azure.com/org/project/_git/repository` without `org@`, which may hold a token, too."""
    return re.sub(r"^(https?://)[^/@]*@", r"\1", url)


_COMMAND = re.compile(r"#(?=[^\w \t\r\n#]*#[^\w \t\r\n#]*(?:v|\[))", re.IGNORECASE)
"""Where a command may begin: the agent looks for it by a comparison that passes over what has no width (Command.cs,
`IndexOf` by the culture), anywhere in a line."""


def harmless(text: str) -> str:
    """The text, changed as little as keeps the agent from reading a command in it, wherever in a line it stands."""
    return _COMMAND.sub("# ", text)
