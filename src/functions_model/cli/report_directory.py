"""The files about a run, in the folder that `report-directory` names."""

# ruff: noqa: PLC0415 - what tells the end of a run is imported at the end: the upload should begin at once

from __future__ import annotations

import errno
import io
import time
import traceback
import uuid
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from functions_model.ci.both import BothHosts
from functions_model.ci.host import CiHost, Level
from functions_model.ci.owner import hand_over
from functions_model.ci.plain import PlainHost
from functions_model.ci.scrub import write_whole
from functions_model.core.cancel import CANCEL
from functions_model.core.disk import refusal
from functions_model.core.promotion import AnySpec
from functions_model.core.report_names import BESIDE, MARKER, NAMES
from functions_model.pipeline.events import Event
from functions_model.report.formatting import listed

_YOUNG = 60.0
"""Seconds in which a file that is being written may be another run's."""
_CLAIM = "functions-model-action writes its report here, and replaces the files of an earlier one.\n"


@dataclass(frozen=True, slots=True)
class ReportDirectory:
    """Keeps the log of a run, and writes it with all else at the end.

    Attributes:
        folder: Absolute. What else is in it is left alone.
        workspace: Whose owner the files belong to.
    """

    folder: Path
    workspace: Path
    _log: io.StringIO = field(default_factory=io.StringIO, init=False, repr=False)

    def noting(self, ci: CiHost) -> CiHost:
        """The host; what is told to it is kept as a console shows it."""
        return BothHosts(ci, PlainHost(self._log))

    def write(self, spec: AnySpec | None, events: Sequence[Event], ids: Mapping[str, str], ci: CiHost) -> None:
        """Write the files, in place of those of an earlier run. A failure is told, and changes nothing else.

        Args:
            spec: None when the inputs were refused.
            events: What happened.
            ids: What people keep as secrets, by input, though it is none.
            ci: Knows what must not be shown.
        """
        from functions_model.report.files import report_files

        action = f"Could not write the report to `{self._named(self.folder)}`"
        try:
            self._replace(self._shown(report_files(spec, events, self._log.getvalue()), ids, ci))
        except OSError as error:
            what = f"{error.strerror or error} (`{self._named(error.filename)}`)"
            told = refusal(error.errno, self.folder, "report-directory")
            remedy = told.remedy if told else "Remove what is in the way, or name another `report-directory`."
            ci.annotate(Level.WARNING, f"{action}: {what}. {remedy} What the run has done stands.")
        except Exception as error:  # noqa: BLE001 - whatever it is, what was deployed is live
            with ci.group("Traceback"):
                ci.info(traceback.format_exc())
            what = f"{type(error).__name__}, a bug in functions-model-action, not in your project"
            ci.annotate(Level.WARNING, f"{action}: {what}. Please report it with the traceback above.")

    def _shown(self, texts: Mapping[str, str], ids: Mapping[str, str], ci: CiHost) -> dict[str, str]:
        """What may be seen of them: a text for people without its secrets, any other as it is or not at all."""
        from functions_model.report.files import FOR_PEOPLE, without_ids

        shown = {name: without_ids(ci.scrub(text), ids) for name, text in texts.items() if name in FOR_PEOPLE}
        shown |= {name: text for name, text in texts.items() if name not in FOR_PEOPLE and not ci.holds_masked(text)}
        if left_out := [f"`{name}`" for name in texts if name not in shown]:
            what = f"The report has no {listed(left_out)}: a value that must not be shown would be in it."
            remedy = (
                "If that is an app setting's and no secret, give it another value; else keep the secret out of names."
            )
            ci.annotate(Level.WARNING, f"{what} {remedy}")
        return shown

    def _replace(self, texts: Mapping[str, str]) -> None:
        made = [place for place in (self.folder, *self.folder.parents) if not place.exists()]
        self.folder.mkdir(parents=True, exist_ok=True)
        made += self._claim()
        hand_over(made, self.workspace)
        self._remove_left()
        for name in NAMES:
            # First away, then anew: what an earlier run has said is not true any more.
            (self.folder / name).unlink(missing_ok=True)
            if name in texts:
                self._put(self.folder / name, texts[name])

    def _put(self, place: Path, text: str) -> None:
        """Write a file beside its place, and put it there: another run may write the same one at the same time."""
        beside = self.folder / f"{BESIDE}{uuid.uuid4().hex}"
        clean = partial(beside.unlink, missing_ok=True)
        with CANCEL.leaves(clean):
            try:
                write_whole(beside, text, "w")
                hand_over([beside], self.workspace)
                beside.replace(place)
            except OSError as error:
                clean()
                raise OSError(error.errno, error.strerror, str(place) if error.filename else None) from error

    def _remove_left(self) -> None:
        """Remove what runs that were killed have left."""
        for left in self.folder.glob(f"{BESIDE}*"):
            with suppress(OSError):
                if time.time() - left.lstat().st_mtime > _YOUNG:
                    left.unlink()

    def _claim(self) -> list[Path]:
        """Make the folder ours, unless an earlier run has; the file that was made for it."""
        if self._is_ours():
            return []
        there = (self.folder / name for name in (*NAMES, MARKER))
        in_the_way = next((place for place in there if place.is_symlink() or place.exists()), None)
        if in_the_way is None:
            write_whole(self.folder / MARKER, _CLAIM, "w")
            return [self.folder / MARKER]
        if not self._is_ours():  # by a run beside this one
            raise FileExistsError(errno.EEXIST, "no earlier report has written it", str(in_the_way))
        return []

    def _is_ours(self) -> bool:
        marker = self.folder / MARKER
        return marker.is_file() and not marker.is_symlink()

    def _named(self, place: Path | str | None) -> Path:
        """As the user named it, below the workspace."""
        path = Path(place or self.folder)
        return path.relative_to(self.workspace) if path.is_relative_to(self.workspace) else path
