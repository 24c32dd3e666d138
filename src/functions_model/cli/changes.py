"""Which changes in a folder that is tried matter to its image, and which are an editor's, a notebook's or a tool's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from functions_model.bundle.user_files import IGNORE_FILES, MODEL_NEVER, ignore_patterns
from functions_model.core.spec import DeploymentSpec, Model
from functions_model.image.patterns import Excludes

_EDITORS = ("*~", r"\#*#", ".#*", ".*.sw?", "4913", ".goutputstream-*", ".~lock.*#", "*.kate-swp", "*___jb_???___")
r"""What editors write beside a file while it is open or saved: Emacs (`file~`, `#file#`, `.#file`), Vim (`.file.swp`,
and `4913`, by which it tries a folder), GNOME (`.goutputstream-XXXXXX`), LibreOffice, Kate, JetBrains."""
_PAGES = ("*.ipynb", "README*", "CHANGELOG*", "CONTRIBUTING*", "LICENSE*")
"""What is read by people. It may lie in the image; no script needs it there, and the next deployment takes it along."""
_BESIDE_ALL = Excludes(_EDITORS)
_BESIDE_CODE = Excludes((*_EDITORS, *_PAGES))
_NOT_OF_A_MODEL = Excludes((*_EDITORS, *MODEL_NEVER))


@dataclass(frozen=True, slots=True)
class Change:
    """A file that was changed.

    Attributes:
        path: Absolute.
        added: It was not there before.
    """

    path: Path
    added: bool


class Concerns:
    """What of a folder goes into an image, or says how it is made.

    Args:
        spec: What is deployed from the folder, its workspace.
    """

    def __init__(self, spec: DeploymentSpec) -> None:
        self._named = frozenset(_named(spec))
        self._models = tuple(model.path for model in spec.models if isinstance(model, Model))
        self._source = spec.code.source_directory if spec.code else None
        self._excludes = Excludes(ignore_patterns(self._source, self._models) if self._source else ())
        environment = spec.environment_file
        beside = environment.parent if isinstance(environment, Path) else None
        self._contexts = (spec.build.dockerfile.parent,) if spec.build.dockerfile else ()
        self._beside = beside

    def of(self, changes: Iterable[Change]) -> tuple[Path, ...]:
        """The files that matter, sorted. One that came and went meanwhile does not, whatever its name."""
        batch = tuple(changes)
        gone = {change.path for change in batch if change.added and not change.path.exists()}
        paths = {change.path for change in batch} - gone
        return tuple(sorted(path for path in paths if not path.is_dir() and self.has(path)))

    def has(self, path: Path) -> bool:
        """Whether a file, by its absolute path, matters."""
        if path in self._named:
            return True
        if model := next((model for model in self._models if path.is_relative_to(model)), None):
            return not _NOT_OF_A_MODEL.leaves_out(path.relative_to(model).as_posix())
        if any(path.is_relative_to(context) for context in self._contexts):
            return not _BESIDE_ALL.leaves_out(path.name)
        if _BESIDE_CODE.leaves_out(path.name):
            return False
        if self._source and path.is_relative_to(self._source):
            return not self._excludes.leaves_out(path.relative_to(self._source).as_posix())
        return path.parent == self._beside or path.suffix == ".whl"  # an environment file may name it


def _named(spec: DeploymentSpec) -> Iterator[Path]:
    """The files that inputs name."""
    if spec.code:
        yield spec.code.entry_script
        yield from (spec.code.source_directory / name for name in IGNORE_FILES)
    for file in (spec.environment_file, spec.host_json, spec.sample_request, spec.build.dockerfile, *spec.own_files):
        if isinstance(file, Path):
            yield file
