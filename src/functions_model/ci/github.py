"""GitHub Actions: workflow commands on standard output, files for outputs and the summary, OIDC over HTTPS."""

from __future__ import annotations

import string
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from actions_toolkit.command import Command
from actions_toolkit.file_command import prepare_key_value_message

from functions_model.ci.identity import JobIdentity
from functions_model.ci.scrub import Scrubber
from functions_model.ci.streams import writable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from functions_model.ci.host import Level
    from functions_model.core.failures import Location

SUMMARY_LIMIT = 1024 * 1024
"""Bytes a step's summary may have; the runner refuses a longer one (actions/runner, FileCommandManager.cs)."""


_SKIPPED = f"{string.whitespace}\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000\ufeff" + "".join(
    map(chr, range(0x2000, 0x200F))
)
"""What .NET takes for white space (`Char.IsWhiteSpace`), and what has no width at all."""


class GitHubHost:
    """Speaks to the runner of a GitHub Actions job.

    Args:
        environ: The job's environment: `GITHUB_OUTPUT`, `GITHUB_STEP_SUMMARY`, `ACTIONS_ID_TOKEN_REQUEST_*`.
        stream: Standard output, where the runner reads workflow commands.
        workspace: Annotations name files relative to it.
        clock: Seconds, for durations.
        pause: Waits that many seconds between two attempts.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        stream: TextIO,
        workspace: Path,
        *,
        clock: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._environ = environ
        self._stream = stream
        self._workspace = workspace
        self._clock = clock
        self._identity = JobIdentity(environ, pause=pause)
        self._lock = threading.Lock()
        self._fold = threading.Lock()
        self._scrubber = Scrubber()
        self._summary_bytes = 0

    @property
    def has_identity(self) -> bool:
        """Whether the job has `id-token: write`: only then does the runner set these variables."""
        return self._identity.available

    @property
    def has_terminal(self) -> bool:
        """Never: the runner keeps each line, and shows it once."""
        return False

    def scrub(self, text: str) -> str:
        """Without masked values."""
        return self._scrubber.scrub(text)

    def mask(self, value: str) -> None:
        """Tell the runner to star this value out, in every later line of the whole job."""
        for text in self._scrubber.remember(value):
            self._write(str(Command("add-mask", {}, text)))

    def info(self, text: str) -> None:
        """Write it. A line that would be read as a command is defused: log text is never trusted."""
        lines = self._scrubber.scrub(text).splitlines() or [""]
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
        self._append("GITHUB_OUTPUT", prepare_key_value_message(name, self._scrubber.scrub(value)) + "\n")

    def summary(self, markdown: str) -> None:
        """Append to the step's page; cut, with a line that says so, at the runner's limit."""
        text = self._scrubber.scrub(markdown) + "\n"
        content = text.encode()
        room = SUMMARY_LIMIT - self._summary_bytes
        if len(content) > room:
            notice = "\n\n_The rest is in the log: a summary may have 1 MiB._\n"
            text = content[: max(0, room - len(notice))].decode(errors="ignore") + notice
        self._summary_bytes += len(text.encode())
        self._append("GITHUB_STEP_SUMMARY", text)

    def identity_token(self, audience: str) -> str:
        """A fresh token of this job; it lives 5 minutes, so ask again rather than keep it.

        Raises:
            LoginFailed: The job lacks `id-token: write`, or the endpoint does not answer.
        """
        return self._identity.token(audience, self.mask)

    def _relative(self, file: Path) -> str:
        try:
            return file.relative_to(self._workspace).as_posix()
        except ValueError:
            return file.as_posix()

    def _command(self, name: str, properties: Mapping[str, str | int], message: str) -> None:
        self._write(str(Command(name, dict(properties), self._scrubber.scrub(message))))

    def _write(self, line: str) -> None:
        with self._lock:
            self._stream.write(writable(line, self._stream) + "\n")
            self._stream.flush()

    def _append(self, variable: str, text: str) -> None:
        if path := self._environ.get(variable):
            with self._lock, Path(path).open("a", encoding="utf-8", newline="") as file:
                file.write(text)


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
