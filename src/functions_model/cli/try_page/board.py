"""What the page shows: the state of the app, and its log. It is told by those who deploy, and read by browsers."""

from __future__ import annotations

import io
import json
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Literal

from functions_model.ci.both import BothHosts
from functions_model.ci.host import CiHost
from functions_model.ci.plain import PlainHost

_LINES = 2000
"""How many lines of the log a page has that is opened late."""
_ALIVE_SECONDS = 15.0
"""So often a browser that nothing is told hears that it is still connected, and the server that the browser is."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong.

    Attributes:
        text: What, and what to do.
        place: `score.py:12`; empty where no file is at fault.
    """

    text: str
    place: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """The app, as the page shows it.

    Attributes:
        app: Its name.
        stage: What happens to it. `starting` ends with the first version that is live or fails.
        version: Counts what became live.
        changed: The files of the change that the stage is about.
        faults: What is wrong; none unless the stage is `failed`.
        trigger: What starts the function: `http`, `blob` or `queue`.
        sends: Whether there is an app that takes a request.
        url: Where it is called; empty for a blob or queue trigger.
        ca_file: Whose certificates a client has to trust for that.
        needs_key: Whether a caller needs a key, which this page's server adds.
        sample: The path of the sample request below the folder; empty without one.
    """

    app: str
    stage: Literal["starting", "changing", "live", "failed"] = "starting"
    version: int = 0
    changed: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    trigger: str = "http"
    sends: bool = False
    url: str = ""
    ca_file: str = ""
    needs_key: bool = False
    sample: str = ""


@dataclass(slots=True)
class Board:
    """The state and the log, for all browsers that look.

    Attributes:
        state: As it is now; change it by `tell`.
    """

    state: State
    _news: threading.Condition = field(default_factory=threading.Condition, repr=False)
    _lines: deque[str] = field(default_factory=lambda: deque(maxlen=_LINES), repr=False)
    _written: int = 0
    _told: int = 0

    def tell(self, change: Callable[[State], State]) -> None:
        """Change the state."""
        with self._news:
            self.state = change(self.state)
            self._told += 1
            self._news.notify_all()

    def changing(self, changed: Sequence[str] = ()) -> None:
        """A change is put into the app, or deployed; the first deployment has no files to name."""
        stage: Literal["starting", "changing"] = "changing" if changed else "starting"
        self.tell(lambda state: replace(state, stage=stage, changed=tuple(changed), faults=()))

    def live(self, url: str | None = None) -> None:
        """Another version answers, at that address; None: at the same one."""

        def change(state: State) -> State:
            at = state.url if url is None else url
            return replace(state, stage="live", version=state.version + 1, url=at, faults=())

        self.tell(change)

    def failed(self, faults: Sequence[Fault]) -> None:
        """The change did not become live."""
        self.tell(lambda state: replace(state, stage="failed", faults=tuple(faults)))

    def noting(self, ci: CiHost) -> CiHost:
        """The host; what is told to it is a part of the log here, too, as a terminal shows it but without colours."""
        facts = replace(ci.facts, summary=None, outputs=None, has_terminal=False, has_colours=False, is_brief=True)
        return BothHosts(ci, PlainHost(_Tap(self._write), facts))

    def _write(self, text: str) -> None:
        with self._news:
            lines = text.removesuffix("\n").split("\n")
            self._lines.extend(lines)
            self._written += len(lines)
            self._news.notify_all()

    def events(self, seen: int = 0, alive: float = _ALIVE_SECONDS) -> Iterator[str]:
        """Server-sent events, for ever: `state` whenever it changes, `log` with the lines that came.

        https://html.spec.whatwg.org/multipage/server-sent-events.html. The id of an event is how many lines of the log
        are seen with it.

        Args:
            seen: That id; a browser that comes back gives the last one.
            alive: Seconds after which a comment says that nothing happened.
        """
        told = -1
        while True:
            with self._news:
                self._news.wait_for(lambda: self._told > told or self._written > seen, alive)  # noqa: B023 - at once
                state = self.state if self._told > told else None
                lines = self._since(seen)
                told, seen = self._told, self._written
            if lines:
                yield f"event: log\nid: {seen}\ndata: {json.dumps(lines)}\n\n"
            if state:
                yield f"event: state\nid: {seen}\ndata: {json.dumps(asdict(state))}\n\n"
            if not lines and not state:
                yield ": nothing new\n\n"

    def _since(self, seen: int) -> list[str]:
        new = self._written - seen if 0 <= seen <= self._written else self._written
        lines = list(self._lines)
        return lines[len(lines) - min(new, len(lines)) :]


class _Tap(io.StringIO):
    """A stream that hands on what is written to it."""

    def __init__(self, take: Callable[[str], None]) -> None:
        super().__init__()
        self._take = take

    def write(self, text: str) -> int:
        if text:
            self._take(text)
        return len(text)
