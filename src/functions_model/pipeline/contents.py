"""What goes into the image, and the events that tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from functions_model.bundle import CODE_LAYER, BundlePlan, code_folder, ignore_file
from functions_model.core.spec import Code, DeploymentSpec
from functions_model.pipeline.events import Event
from functions_model.preflight.inventory import Distribution


@dataclass(frozen=True, slots=True)
class CodeFound(Event):
    """What of the source directory goes into the image.

    Attributes:
        folder: The source directory, relative to the workspace; `.` for the workspace itself.
        sizes: Bytes of each file, by its path below the folder.
        ignore_file: The name of the file that says what stays out; empty when there is none.
    """

    folder: str
    sizes: Mapping[str, int]
    ignore_file: str = ""


@dataclass(frozen=True, slots=True)
class DependenciesKnown(Event):
    """What the dependencies are, each with its size; nothing of what an engine compiles in the image.

    Attributes:
        distributions: All of them.
        in_vain: The names of those that were asked for, are for development, and that nothing imports.
        only_for_these: All that could be left out with them, themselves included.
    """

    distributions: tuple[Distribution, ...]
    in_vain: tuple[str, ...] = ()
    only_for_these: tuple[Distribution, ...] = ()


@dataclass(frozen=True, slots=True)
class ByteCodeLeftOut(Event):
    """The image has no byte code of its dependencies, which another machine would have given it.

    Attributes:
        version: Of the Python that would have made it.
        compiling: What that said; empty where this machine has none.
        fetching: Why it could not be fetched; empty where that was not tried.
    """

    version: str
    compiling: str = ""
    fetching: str = ""


def code_found(spec: DeploymentSpec, code: Code, bundle: BundlePlan) -> CodeFound:
    """What is told of the source directory.

    Raises:
        BundleFailed: A file is gone meanwhile.
    """
    folder, under = code.source_directory, f"{code_folder(spec)}/"
    trees = [layer.tree for layer in bundle.layers if layer.name == CODE_LAYER]
    sizes = {file.path.removeprefix(under): file.size for tree in trees for file in tree.files}
    ignored = ignore_file(folder)
    return CodeFound(folder.relative_to(spec.workspace).as_posix(), sizes, ignored.name if ignored else "")
