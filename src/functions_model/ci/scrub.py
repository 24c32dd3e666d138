"""A log without masked values, on a stream that shows what it can."""

from __future__ import annotations

import os
import stat
import threading
import time
from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, TextIO

from functions_model.ci.annotations import Annotation, HeldAnnotations
from functions_model.ci.host import Level
from functions_model.ci.terminal import inert
from functions_model.core.disk import refused
from functions_model.core.failures import Location
from functions_model.core.masking import blot, forms, shapeless

_NO_SCREEN = frozenset({"dumb", "unknown"})
"""Values of TERM for terminals that cannot move the cursor (terminfo)."""
_NOT_SET = frozenset({"", "0", "false"})
STANDS = "What the run has done stands; only this file is not complete."
"""Of a file that tells about a run, and that cannot be written."""


def writable(text: str, stream: TextIO) -> str:
    r"""The text, with what the stream's encoding lacks as `\xe9`: a log line must never end a run."""
    encoding = stream.encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)


def is_terminal(stream: TextIO, environ: Mapping[str, str]) -> bool:
    """Whether a person looks on, and lines can be drawn again.

    Some CI hosts give their jobs a terminal, too; nobody sits before it, and each redrawn line is kept. They set `CI`.
    """
    if environ.get("CI", "").strip().lower() not in _NOT_SET:
        return False
    return stream.isatty() and environ.get("TERM", "") not in _NO_SCREEN


class ScrubbedLog:
    """Writes lines, remembers values that must never be shown, and replaces them by `***`, in whatever form they are.

    CI hosts mask too, but only in their own log: not in a summary, an output file or a console.

    Args:
        stream: Takes the lines.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._values: set[str] = set()
        self._forms: tuple[str, ...] = ()
        self._unwritable: set[Path] = set()

    @abstractmethod
    def annotate(self, level: Level, message: str, location: Location | None = None, *, minor: bool = False) -> None:
        """A message that stands out."""

    def _remember(self, value: str) -> tuple[str, ...]:
        """Keep a value.

        Returns:
            The texts for the host's own mask command; none when the value is known, or blank.
        """
        with self._lock:
            if value in self._values:
                return ()
            self._values.add(value)
            self._forms = tuple(sorted({*self._forms, *forms(value)}, key=len, reverse=True))
        return _by_line(value)

    def scrub(self, text: str) -> str:
        """The text as it may be shown: see `CiHost.scrub`."""
        shown = blot(text, self._forms)
        # What is left out, or shown by its number, may have stood within a value; so may a colour of ours.
        plain = inert(shown)
        bare = plain if plain == shown else blot(plain, self._forms)
        return shapeless(self._inert(shown) if bare == plain else bare)

    def holds_masked(self, text: str) -> bool:
        """Whether a remembered value is in the text, in whatever form."""
        return any(blot(seen, self._forms) != seen for seen in {text, inert(text)})

    def output(self, name: str, value: str) -> bool:
        """Write a step output, or say that it is left out: changed, one that holds a secret would be of no use."""
        if self.holds_masked(value):
            self.annotate(
                Level.WARNING,
                f"The output `{name}` is left out, because it contains a secret value. If it is an app setting's"
                " value and not secret, change the value; otherwise keep the secret out of names.",
            )
            return False
        self._write_output(name, value)
        return True

    @abstractmethod
    def _write_output(self, name: str, value: str) -> None:
        """Write an output that holds no masked value."""

    def _inert(self, text: str) -> str:
        return inert(text)

    def _write(self, line: str) -> None:
        """A line, or several, as they are: the caller has scrubbed them."""
        with self._lock:
            self._stream.write(writable(line, self._stream) + "\n")
            self._stream.flush()

    def _write_file(self, file: Path, variable: str, text: str, mode: Literal["a", "w"] = "a") -> bool:
        """Write a file that the host or the user wants; whether it worked. A failure is told once, and ends no run."""
        try:
            with self._lock:
                write_whole(file, text, mode)
        except OSError as error:
            if file not in self._unwritable:
                self._unwritable.add(file)
                told = refused(error, file)
                what = f"Could not write `{file}`, which `{variable}` names: {error.strerror or error}."
                remedy = told.remedy if told else "Name a file that this step may write, in a folder that exists."
                self.annotate(Level.WARNING, f"{what} {remedy} {STANDS}")
            return False
        return True


def write_whole(file: Path, text: str, mode: Literal["a", "w"]) -> None:
    """Write all of a text into a file, or nothing of it: half an output would be read as another one.

    Raises:
        OSError: It cannot be written; nobody reads a pipe of that name.
    """
    how = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | (os.O_APPEND if mode == "a" else os.O_TRUNC)
    # A pipe that nobody reads would be waited for.
    with os.fdopen(os.open(file, how | os.O_NONBLOCK, 0o666), "wb", buffering=0) as opened:
        os.set_blocking(opened.fileno(), True)
        found, left = os.fstat(opened.fileno()), memoryview(text.encode(errors="backslashreplace"))
        try:
            while left:
                left = left[opened.write(left) :]
        except OSError:
            if stat.S_ISREG(found.st_mode) and mode == "a":
                os.truncate(opened.fileno(), found.st_size)
            elif stat.S_ISREG(found.st_mode):
                file.unlink()
            raise


class FoldedLog(ScrubbedLog):
    """The log of a CI host that shows a part of it folded, knows no fold within a fold, and keeps few annotations.

    Args:
        stream: Takes the lines.
        annotations: How many of one level the host keeps of a step.
        clock: Seconds, for durations.
    """

    def __init__(self, stream: TextIO, annotations: int, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(stream)
        self._annotations = HeldAnnotations(annotations)
        self._clock = clock
        self._fold = threading.Lock()

    @abstractmethod
    def info(self, text: str) -> None:
        """Write it, so that no line of it is a command."""

    @abstractmethod
    def begin_fold(self, title: str) -> None:
        """Write what begins a fold."""

    @abstractmethod
    def end_fold(self) -> None:
        """Write what ends the fold that is open."""

    @abstractmethod
    def tell_annotation(self, one: Annotation) -> None:
        """Write it as the host reads it."""

    def annotate(self, level: Level, message: str, location: Location | None = None, *, minor: bool = False) -> None:
        """Hold it until the end of the step."""
        self._annotations.add(Annotation(level, message, location, minor))

    def tell_annotations(self) -> None:
        """Write those that are held, as many as the host keeps."""
        for one in self._annotations.take():
            self.tell_annotation(one)

    @contextmanager
    def group(self, title: str) -> Iterator[None]:
        """Fold what is written meanwhile, and write the duration below the fold.

        One that begins in another, or beside it, is a line in the outer fold.
        """
        started = self._clock()
        folds = self._fold.acquire(blocking=False)
        if folds:
            self.begin_fold(title)
        else:
            self.info(title)
        try:
            yield
        finally:
            if folds:
                self.end_fold()
                self._fold.release()
            self.info(f"{title}: {self._clock() - started:.1f} s")

    def unfold(self) -> None:
        """End the fold that is open: what follows must be seen."""
        if self._fold.locked():
            self.end_fold()


def _by_line(value: str) -> tuple[str, ...]:
    """The forms that a CI host's runner is told, which looks at one line at a time.

    GitHub's splits what it is told into lines and masks each, however short it is. The forms of a single line it knows
    by itself (actions/runner: AddMaskCommandExtension in ActionCommandManager.cs, ValueEncoders.cs).
    """
    if len(value.splitlines()) < 2:
        return (value,) if value.strip() else ()
    return tuple(sorted(text for text in forms(value) if len(text.splitlines()) < 2))
