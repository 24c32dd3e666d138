"""GitHub Actions: workflow commands on standard output, files for outputs and the summary, OIDC over HTTPS."""

from __future__ import annotations

import string
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TextIO

import requests
from actions_toolkit.command import Command
from actions_toolkit.file_command import prepare_key_value_message

from functions_model.ci.host import Advice, Facts, Level, TokenFile
from functions_model.ci.scrub import ScrubbedLog
from functions_model.core.failures import Location, LoginFailed
from functions_model.core.sending import PASSING, AttemptFailed, Retries, new_session

_RETRIES = Retries(first=2.0)
"""The endpoint answers 5xx now and then."""

_PERMISSION = (
    "Give the job `permissions: id-token: write` (with `contents: read`). A pull request from a fork never gets one: "
    "deploy from a branch of the repository, or give a `client-secret`."
)


class JobIdentity:
    """Asks the endpoint for tokens.

    Args:
        environ: Holds `ACTIONS_ID_TOKEN_REQUEST_URL` and `ACTIONS_ID_TOKEN_REQUEST_TOKEN` where the job may ask.
        pause: Waits that many seconds between two attempts.
    """

    def __init__(self, environ: Mapping[str, str], *, pause: Callable[[float], None] = time.sleep) -> None:
        self._url = environ.get("ACTIONS_ID_TOKEN_REQUEST_URL", "")
        self._request_token = environ.get("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "")
        self._pause = pause

    @property
    def available(self) -> bool:
        """Whether the job may ask: the variables are set only with `id-token: write`."""
        return bool(self._url and self._request_token)

    def token(self, audience: str, mask: Callable[[str], None]) -> str:
        """A fresh token for that audience.

        Args:
            audience: What Entra ID expects: `api://AzureADTokenExchange`.
            mask: Called with the request token and the new token before anyone else sees them.

        Raises:
            LoginFailed: The job may not ask, or the endpoint does not answer.
        """
        if not self.available:
            raise _failed("the job may not ask for one")
        mask(self._request_token)
        token = _RETRIES.persist(lambda: self._ask(audience), self._pause)
        mask(token)
        return token

    def _ask(self, audience: str) -> str:
        """The token, asked for once. `AttemptFailed` where another attempt may help."""
        headers = {"Authorization": f"Bearer {self._request_token}"}
        try:
            with new_session() as session:
                answer = session.get(self._url, params={"audience": audience}, headers=headers, timeout=30)
        except requests.RequestException as error:
            raise AttemptFailed(_failed(f"the token endpoint said {type(error).__name__}")) from error
        if answer.status_code != 200:
            failure = _failed(f"the token endpoint said {answer.status_code}")
            raise AttemptFailed(failure) if answer.status_code in PASSING or answer.status_code >= 500 else failure
        with suppress(ValueError, KeyError, TypeError):
            if token := str(answer.json()["value"]):
                return token
        raise _failed("the token endpoint said something that holds no token")


def _failed(reason: str) -> LoginFailed:
    return LoginFailed("get this job's identity token", reason, _PERMISSION)


SUMMARY_LIMIT = 1024 * 1024
"""Bytes a step's summary may have; the runner refuses a longer one (actions/runner, FileCommandManager.cs)."""
ANNOTATIONS = 10
"""Of each level that the runner keeps of a step, and GitHub shows (actions/runner, ExecutionContext.cs, line 144)."""
ADVICE = Advice(
    identity="Grant the job `permissions: id-token: write`, or give `client-secret`. "
    "A pull request from a fork gets no identity token: deploy from a branch of the repository itself.",
    subject="GitHub sends ids beside the names (`owner@id/repository@id`) for repositories that were made or renamed "
    "since 15 July 2026.",
    one_at_a_time="Let one deployment at a time go to an app; on GitHub, `concurrency` does that.",
)
_LOGGED_IN = "AZUREPS_HOST_ENVIRONMENT"
"""A step `azure/login` leaves this variable to all later ones, be it empty (Azure/login, src/main.ts)."""
_NOT_SEEN = (
    "The session that the step `azure/login` has made cannot be seen from here: this action runs in a container of its"
    " own. Give it the same `client-id` and `tenant-id`."
)
_IN_A_JOBS_CONTAINER = "/__w"
_INPUT = "INPUT_"
"""Each input comes in a variable, `INPUT_` and its name in upper case; hyphens stay."""
_SKIPPED = f"{string.whitespace}\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(
    map(chr, range(0x2000, 0x200F))
)
"""What .NET takes for white space (`Char.IsWhiteSpace`), and what has no width at all."""


class GitHubHost(ScrubbedLog):
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
        super().__init__(stream)
        self.facts = replace(facts_of(environ), annotations=ANNOTATIONS)
        self._outputs = environ.get("GITHUB_OUTPUT")
        self._clock = clock
        self._identity = JobIdentity(environ, pause=pause)
        self._fold = threading.Lock()
        self._summary_bytes = 0

    def mask(self, value: str) -> None:
        """Tell the runner to star this value out, in every later line of the whole job."""
        for text in self._remember(value):
            self._write(str(Command("add-mask", {}, text)))

    def info(self, text: str) -> None:
        """Write it. A line that would be read as a command is defused: log text is never trusted."""
        lines = self.scrub(text).splitlines() or [""]
        self._write("\n".join(map(defused, lines)))

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Fold what is written meanwhile, and write the duration below the fold.

        The runner knows no group within a group: one that begins in another, or beside it, is a line in the outer fold.
        """
        started = self._clock()
        folds = self._fold.acquire(blocking=False)
        if folds:
            self._command("group", {}, title)
        else:
            self.info(title)
        try:
            yield
        finally:
            if folds:
                self._command("endgroup", {}, "")
                self._fold.release()
            self.info(f"{title}: {self._clock() - started:.1f} s")

    def unfold(self) -> None:
        """End the fold that is open; a second end of it does nothing."""
        if self._fold.locked():
            self._command("endgroup", {}, "")

    def annotate(self, level: Level, message: str, location: Location | None = None) -> None:
        """An annotation, on the user's file and line where one is given."""
        properties: dict[str, str | int] = {}
        if location:
            properties["file"] = self._relative(location.file)
            if location.line:
                properties["line"] = location.line
        self._command(level.value, properties, message)

    def output(self, name: str, value: str) -> None:
        """A step output, through the file the runner names."""
        self._append(self._outputs, prepare_key_value_message(name, self.scrub(value)) + "\n")

    def summary(self, markdown: str) -> None:
        """Append to the step's page; cut, with a line that says so, at the runner's limit."""
        text = self.scrub(markdown) + "\n"
        content = text.encode()
        room = SUMMARY_LIMIT - self._summary_bytes
        if len(content) > room:
            notice = "\n\n_The rest is in the log: a summary may have 1 MiB._\n"
            text = content[: max(0, room - len(notice))].decode(errors="ignore") + notice
        self._summary_bytes += len(text.encode())
        self._append(self.facts.summary, text)

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

    def _append(self, path: str | Path | None, text: str) -> None:
        if path:
            with self._lock, Path(path).open("a", encoding="utf-8", newline="") as file:
                file.write(text)


def facts_of(environ: Mapping[str, str]) -> Facts:
    """What GitHub's variables say, wherever they are set: a job may hand some on to a container of its own.

    https://docs.github.com/actions/reference/workflows-and-actions/variables.

    In a container action `GITHUB_WORKSPACE` is `/github/workspace`, while a path that another step computed starts with
    the runner's own folder, `$RUNNER_WORKSPACE/<repository>`; in a job with `container:`, where the runner mounts its
    work folder as `/__w` (actions/runner, ContainerOperationProvider.cs), with `/__w/<repository>/<repository>`. The
    runner keeps each line of the log: no terminal.
    """
    repository, page = environ.get("GITHUB_REPOSITORY", ""), environ.get("GITHUB_STEP_SUMMARY")
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
        has_identity=JobIdentity(environ).available,
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
