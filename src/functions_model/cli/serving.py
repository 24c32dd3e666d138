"""What follows the first deployment of a `try`: each change is put into the running app, or deployed, until Ctrl-C."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from functions_model.cli.changes import Change, Concerns
from functions_model.cli.door import Door
from functions_model.cli.editing import NotEdited, edit, edit_of, put_files
from functions_model.cli.once import Ending
from functions_model.cli.sandbox import RunningSandbox
from functions_model.cli.try_page import Showing
from functions_model.core.failures import Failure, NotLive
from functions_model.core.names import CANDIDATE
from functions_model.core.spec import DeploymentSpec

_LOOK_MS = 200
"""How long one look at the folder lasts at most: the first one is waited for."""


def changes_below(folder: Path) -> Iterator[tuple[Change, ...]]:
    """The changes below a folder since the first look, batch by batch, for ever; now and then an empty batch."""
    from watchfiles import Change as Kind  # noqa: PLC0415 - it comes with the sandbox, and only this door needs it
    from watchfiles import watch  # noqa: PLC0415

    for batch in watch(folder, debounce=400, rust_timeout=_LOOK_MS, yield_on_timeout=True):
        yield tuple(Change(Path(path), kind is Kind.added) for kind, path in batch)


@dataclass(slots=True)
class Serving:
    """A folder in the sandbox, from its first deployment on.

    Attributes:
        door: The folder.
        sandbox: Where it is deployed to.
        tell_usage: Says how to call it, once it is live for the first time.
        showing: Shows the same in a browser.
        live: Whether it ever was.
        runs: What the app runs; None where a run has put another version back, or nothing was deployed.
        edited: Whether files were exchanged since the last deployment.
    """

    door: Door
    sandbox: RunningSandbox
    tell_usage: Callable[[Ending, Mapping[str, str]], None]
    showing: Showing
    live: bool = field(default=False, init=False)
    runs: DeploymentSpec | None = field(default=None, init=False)
    edited: bool = field(default=False, init=False)

    def deploy(self, inputs: Mapping[str, str], spec: DeploymentSpec | None) -> Ending:
        """A whole run. Files that were exchanged are given up first: its image may be the one that is there."""
        if self.edited:
            with suppress(NotEdited):  # then there is no app that has any
                put_files(self.sandbox, self.door.app, {})
            self.edited = False
        ending = self.door.deploy(self.sandbox, inputs)
        # A first version that does not come alive stays as it is; later ones make way for the version before.
        stays = ending.code == 0 or (ending.code == NotLive.exit_code and not self.live)
        self.runs = spec if stays else None
        if stays and isinstance(ending.spec, DeploymentSpec):
            self.showing.runs(ending.spec, inputs)
        self.showing.ended(ending)
        if ending.code == 0:
            if not self.door.ci.facts.is_brief:  # there, its last lines have said so
                self.door.say_live("try", ending.verified, ending.seconds)
            if not self.live:
                self.live = True
                self.tell_usage(ending, inputs)
        return ending

    def go_on(self, changes: Iterator[tuple[Change, ...]], spec: DeploymentSpec | None) -> None:
        """Take each change, until Ctrl-C. A failure is told, and the next change tried."""
        self.door.say("", "Watching the folder: each change is deployed at once. Stop with Ctrl-C.")
        for batch in changes:
            changed = Concerns(spec).of(batch) if spec else tuple(sorted({change.path for change in batch}))
            if not changed:
                continue
            names = [str(path.relative_to(self.door.folder)) for path in changed]
            self.door.say("", f"Changed: {', '.join(names)}")
            self.showing.changing(names)
            try:
                inputs = self.door.inputs()
                spec = self.door.checked(inputs)
                if not self._edit(inputs, spec, changed):
                    self.deploy(inputs, spec)
            except Failure as failure:
                self.door.refuse(failure)
                self.showing.failed(failure)

    def _edit(self, inputs: Mapping[str, str], spec: DeploymentSpec | None, changed: tuple[Path, ...]) -> bool:
        """Put the change into the running app, if that is possible; whether it was."""
        # A candidate beside the app runs under another name than the folder's.
        files = edit_of(self.runs, spec, changed) if self.runs and spec and not inputs.get(CANDIDATE) else {}
        if not files or spec is None:
            return False
        self.edited = True
        try:
            verified, seconds = edit(self.door, self.sandbox, inputs, spec, files)
        except NotEdited as exc:
            self.door.say(f"The running app does not take the change ({exc}); deploying it again.")
            return False
        self.door.say_live("try", verified, seconds)
        self.showing.live()
        return True
