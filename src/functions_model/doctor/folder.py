"""The folder: whether the inputs are whole, and whether the files that they name can be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from functions_model.core.failures import Failure, InputsInvalid
from functions_model.core.promotion import PromotionSpec
from functions_model.core.spec import DeploymentSpec
from functions_model.doctor.diagnosis import Diagnosis, failure, fine, problems, unasked
from functions_model.environment import EnvironmentRequest
from functions_model.inputs.readable import Readable
from functions_model.pipeline.checks import check
from functions_model.pipeline.session import World

_INIT = "`functions-model init` writes an inputs file, and `--inputs-file` names one of another name than `inputs.yml`."


@dataclass(slots=True)
class Folder:
    """What a folder says.

    Attributes:
        given: The inputs that were given, by name, those of a file not counted.
        file: The inputs file; None where there is none.
        readable: What they say.
        request: What the environment asks for, once it was looked at.
    """

    given: Mapping[str, str]
    file: Path | None
    readable: Readable
    request: EnvironmentRequest | None = None

    @property
    def spec(self) -> DeploymentSpec | None:
        """What is built; None where an image is deployed, or nothing is known."""
        return self.readable.spec if isinstance(self.readable.spec, DeploymentSpec) else None


def examine_folder(folder: Folder, world: World) -> Iterator[Diagnosis]:
    """Inputs and files; what the environment asks for is kept.

    Args:
        folder: Gets the request.
        world: What a run would have around it.
    """
    readable = folder.readable
    from_where = f"of `{folder.file.name}`" if folder.file else "that were given"
    yield from problems("inputs", readable.problems, InputsInvalid.exit_code)
    if folder.file:
        yield from problems("inputs", readable.missing, InputsInvalid.exit_code)
    elif readable.missing:
        lacking = ", ".join(f"`{one.subject}`" for one in readable.missing)
        yield unasked("inputs", f"there is no inputs file, and not given are {lacking}", _INIT)
    if not (readable.problems or readable.missing):
        yield fine("inputs", f"those {from_where} are whole")
    yield from _files(folder, world)


def _files(folder: Folder, world: World) -> Iterator[Diagnosis]:
    if isinstance(folder.readable.spec, PromotionSpec):
        yield unasked("files", "an image is deployed that was built before")
    elif folder.spec is None:
        yield unasked("files", "the inputs do not say which")
    else:
        try:
            folder.request = check(folder.spec, world)
        except Failure as error:
            yield from failure("files", error)
        else:
            more = "`functions-model preflight` looks at them together with the dependencies"
            yield fine("files", f"entry script, environment and model can be read; {more}")
