"""GitHub Actions: workflow commands on standard output, files for outputs and the summary, OIDC over HTTPS."""

from __future__ import annotations

import string
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TextIO

from actions_toolkit.command import Command
from actions_toolkit.file_command import prepare_key_value_message

from functions_model.ci.annotations import Annotation, cut
from functions_model.ci.host import Advice, Facts, TokenFile
from functions_model.ci.identity import JobIdentity, TokenEndpoint
from functions_model.ci.scrub import FoldedLog

_PERMISSION = (
    "Give the job `permissions: id-token: write` (with `contents: read`). A pull request from a fork never gets one: "
    "deploy from a branch of the repository, or give a `client-secret`."
)


SUMMARY_LIMIT = 1024 * 1024
"""Bytes a step's summary may have; the runner refuses a longer one (actions/runner, FileCommandManager.cs)."""
ANNOTATIONS = 10
"""Of each level that the runner keeps of a step, and GitHub shows (actions/runner, ExecutionContext.cs, line 144)."""
ANNOTATION_LENGTH = 4096
"""UTF-16 code units of a message; the runner cuts a longer one (the same file, `_maxIssueMessageLength`)."""
_OUTPUTS = (
    "GitHub drops job outputs that hold masked text, and only the log says so: keep such ids as variables"
    " (`vars`), not as secrets, or pass on another output."
)
"""actions/runner, JobExtension.cs: "Skip output ... since it may contain secret"."""
ADVICE = Advice(
    identity="Grant the job `permissions: id-token: write`, or give `client-secret`. "
    "A pull request from a fork gets no identity token: deploy from a branch of the repository itself.",
    subject="GitHub sends ids with the names (`owner@id/repository@id`) for repositories created or renamed since "
    "15 July 2026.",
    one_at_a_time="Let one deployment at a time go to an app; on GitHub, `concurrency` does that.",
)
_LOGGED_IN = "AZUREPS_HOST_ENVIRONMENT"
"""A step `azure/login` leaves this variable to all later ones, be it empty (Azure/login, src/main.ts)."""
_NOT_SEEN = (
    "The action does not use the session of the step `azure/login`: each step logs in by itself. Give this one the same"
    " `client-id` and `tenant-id`."
)
_IN_A_JOBS_CONTAINER = "/__w"
_SUMMARY = "GITHUB_STEP_SUMMARY"
_INPUT = "INPUT_"
"""Each input comes in a variable, `INPUT_` and its name in upper case; hyphens stay."""
_SKIPPED = f"{string.whitespace}\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(
    map(chr, range(0x2000, 0x200F))
)
"""What .NET takes for white space (`Char.IsWhiteSpace`), and what has no width at all."""


class GitHubHost(FoldedLog):
    """Speaks to the runner of a GitHub Actions job.

    Args:
        environ: The job's environment: `GITHUB_OUTPUT`, `ACTIONS_ID_TOKEN_REQUEST_*`, and what makes the facts.
        stream: Standard output, where the runner reads workflow commands. Annotations name files of the workspace.
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
        self.facts = replace(facts_of(environ), masked_outputs=_OUTPUTS)
        self._outputs = environ.get("GITHUB_OUTPUT")
        self._identity = JobIdentity(token_endpoint(environ), pause=pause)
        self._summary_bytes = 0

    def mask(self, value: str) -> None:
        """Tell the runner to star this value out, in every later line of the whole job."""
        for text in self._remember(value):
            self._write(str(Command("add-mask", {}, text)))

    def info(self, text: str) -> None:
        """Write it. A line that would be read as a command is defused: log text is never trusted."""
        lines = self.scrub(text).splitlines() or [""]
        self._write("\n".join(map(defused, lines)))

    def begin_fold(self, title: str) -> None:
        """The runner knows no group within a group."""
        self._command("group", {}, title)

    def end_fold(self) -> None:
        """A second end of the same group does nothing."""
        self._command("endgroup", {}, "")

    def tell_annotation(self, one: Annotation) -> None:
        """On the user's file and line where one is given; what is longer than the runner keeps is in the log, whole."""
        properties: dict[str, str | int] = {}
        if one.location:
            properties["file"] = self.scrub(self._relative(one.location.file))
            if one.location.line:
                properties["line"] = one.location.line
        message = self.scrub(one.message)
        short = cut(message, ANNOTATION_LENGTH)
        if short != message:
            self.info(message)
        self._command(one.level.value, properties, short)

    def _write_output(self, name: str, value: str) -> None:
        """Through the file the runner names."""
        if self._outputs:
            text = prepare_key_value_message(name, value) + "\n"
            self._write_file(Path(self._outputs), "GITHUB_OUTPUT", text)

    def summary(self, markdown: str) -> None:
        """Append to the step's page; cut, with a line that says so, at the runner's limit."""
        text = self.scrub(markdown) + "\n"
        content = text.encode()
        room = SUMMARY_LIMIT - self._summary_bytes
        if len(content) > room:
            notice = "\n\n_The rest is in the log: a summary may have 1 MiB._\n"
            text = content[: max(0, room - len(notice))].decode(errors="ignore") + notice
        self._summary_bytes += len(text.encode())
        if self.facts.summary:
            self._write_file(self.facts.summary, _SUMMARY, text)

    def identity_token(self, audience: str) -> str:
        """A fresh token of this job; it lives 5 minutes, so ask again rather than keep it.

        Raises:
            LoginFailed: The job lacks `id-token: write`, or the endpoint does not answer.
        """
        return self._identity.token(audience, self.mask)

    def _relative(self, file: Path) -> str:
        place = self.facts.workspace
        return (file.relative_to(place) if file.is_relative_to(place) else file).as_posix()

    def _command(self, name: str, properties: Mapping[str, str | int], message: str) -> None:
        self._write(str(Command(name, dict(properties), self.scrub(message))))


def token_endpoint(environ: Mapping[str, str]) -> TokenEndpoint:
    """Where the job may ask for tokens: the variables are set only with `id-token: write`."""
    url, access = environ.get("ACTIONS_ID_TOKEN_REQUEST_URL", ""), environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "")
    return TokenEndpoint(url, access, _PERMISSION)


def facts_of(environ: Mapping[str, str]) -> Facts:
    """What GitHub's variables say, wherever they are set: a job may hand some on to a container of its own.

    https://docs.github.com/actions/reference/workflows-and-actions/variables.

    In a container action `GITHUB_WORKSPACE` is `/github/workspace`, while a path that another step computed starts with
    the runner's own folder, `$RUNNER_WORKSPACE/<repository>`; in a job with `container:`, where the runner mounts its
    work folder as `/__w` (actions/runner, ContainerOperationProvider.cs), with `/__w/<repository>/<repository>`. The
    runner keeps each line of the log: no terminal.
    """
    repository, page = environ.get("GITHUB_REPOSITORY", ""), environ.get(_SUMMARY)
    source = f"{environ.get('GITHUB_SERVER_URL', 'https://github.com')}/{repository}" if repository else ""
    folder, name, run = environ.get("RUNNER_WORKSPACE"), repository.rpartition("/")[2], environ.get("GITHUB_RUN_ID")
    places = (folder, str(PurePosixPath(_IN_A_JOBS_CONTAINER) / name)) if folder else ()
    return Facts(
        workspace=Path(environ.get("GITHUB_WORKSPACE") or Path.cwd()),
        advice=replace(ADVICE, identity=f"{ADVICE.identity} {_NOT_SEEN}") if _LOGGED_IN in environ else ADVICE,
        host_workspaces=tuple(str(PurePosixPath(place) / name) for place in places) if name else (),
        source=source,
        revision=environ.get("GITHUB_SHA", ""),
        run_url=f"{source}/actions/runs/{run}" if source and run else "",
        inputs={key.removeprefix(_INPUT).lower(): text for key, text in environ.items() if key.startswith(_INPUT)},
        variable=f"{_INPUT}{{}}",
        summary=Path(page) if page else None,
        has_identity=JobIdentity(token_endpoint(environ)).available,
        token_file=_token_file(environ),
        debug=environ.get("RUNNER_DEBUG") == "1",
    )


def _token_file(environ: Mapping[str, str]) -> TokenFile | None:
    path = environ.get("AZURE_FEDERATED_TOKEN_FILE")
    return TokenFile(path, environ.get("AZURE_CLIENT_ID", ""), environ.get("AZURE_TENANT_ID", "")) if path else None


def defused(line: str) -> str:
    """The line, changed as little as keeps the runner from taking it for a workflow command.

    The runner drops white space before it looks for `::` at the start, and finds its older form, `##[name]`, anywhere
    in a line (actions/runner, ActionCommand.cs): no indent helps. So each of the two is broken up.

    Args:
        line: One line, without its end.
    """
    rest = line.lstrip(_SKIPPED)
    if rest.startswith("::"):
        line = f"{line[: len(line) - len(rest)]}: {rest[1:]}"
    return line.replace("##[", "# #[")
