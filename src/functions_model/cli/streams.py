"""Standard output and standard error: a line of a log that cannot be written ends no run, and leaves no traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TextIO, cast

_STREAMS = (("stdin", "r"), ("stdout", "w"), ("stderr", "w"))


class Guarded:
    """A stream whose writes never fail. What else is asked of it, the stream answers.

    Args:
        stream: Takes what is written.
        gone: Called once, when nobody reads it any more.
        failed: Called once, with the first error that is another one: a full disk behind it.
    """

    def __init__(self, stream: TextIO, gone: Callable[[], object], failed: Callable[[OSError], object]) -> None:
        self._stream = stream
        self._gone, self._failed = gone, failed
        self.is_gone = False
        self.error: OSError | None = None

    def write(self, text: str) -> int:
        """Write it, if that is possible."""
        self._try(lambda: self._stream.write(text))
        return len(text)

    def flush(self) -> None:
        """Hand on what was written, if that is possible."""
        self._try(self._stream.flush)

    def _try(self, act: Callable[[], object]) -> None:
        try:
            act()
        except BrokenPipeError:
            if not self.is_gone:
                self.is_gone = True
                # What is written from here on, and what the stream still holds, goes where nobody misses it.
                with suppress(OSError, ValueError):
                    os.dup2(os.open(os.devnull, os.O_WRONLY), self._stream.fileno())
                self._gone()
        except OSError as error:
            if self.error is None:
                self.error = error
                self._failed(error)
        except ValueError:  # it is closed: whoever did that wants no more of it
            pass

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def open_missing() -> None:
    """Open `/dev/null` in the place of standard streams that are closed.

    The next file that is opened would get their number, and take what is written to them.
    """
    for number, (name, mode) in enumerate(_STREAMS):
        if getattr(sys, name) is None:
            opened = os.open(os.devnull, os.O_RDWR)
            if opened != number:
                os.dup2(opened, number)
                os.close(opened)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8", errors="backslashreplace"))


def guard(gone: Callable[[], object]) -> Guarded:
    """Guard standard output and standard error of this process.

    Args:
        gone: Called when nobody reads standard output any more.

    Returns:
        Standard output.
    """
    errors = Guarded(sys.stderr, _nothing, _nothing)
    output = Guarded(sys.stdout, gone, lambda error: errors.write(f"functions-model: {_words(error)}\n"))
    sys.stdout, sys.stderr = cast("TextIO", output), cast("TextIO", errors)
    return output


def _words(error: OSError) -> str:
    return f"standard output cannot be written ({error.strerror or error}). What follows is not in it."


def _nothing(*_: object) -> None:
    pass
