"""What is kept in the registry beside the image: a bill of materials, and how the layers came to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model import __version__
from functions_model.bundle import provenance
from functions_model.environment.bill_of_materials import bill_of_materials
from functions_model.pipeline.prepare import BASE_DIGEST, RECORD_TAG
from functions_model.registry import Attachment, Record, RecordToWrite

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_model.core.spec import DeploymentSpec
    from functions_model.environment import Lock
    from functions_model.pipeline.made import Made
    from functions_model.pipeline.making import Making

CYCLONEDX = "application/vnd.cyclonedx+json"
"""https://www.iana.org/assignments/media-types/application/vnd.cyclonedx+json."""
_FILE = "sbom.cdx.json"
_TOOL = "functions-model.tool-version"


@dataclass(frozen=True, slots=True)
class Extras:
    """What goes beside an image.

    Attributes:
        attachments: Attached to the image.
        records: Tags of their own.
    """

    attachments: tuple[Attachment, ...]
    records: tuple[RecordToWrite, ...]


def extras_of(making: Making, made: Made) -> Extras:
    """What is attached to an image, and the records for the next runs."""
    return Extras(made.attachments, tuple(_records(making.spec, made)))


def attachments_for(making: Making, lock: Lock) -> tuple[Attachment, ...]:
    """The bill of materials, unless the user wants none. It needs no image, only the lock."""
    if not making.spec.build.sbom:
        return ()
    spec, prepared = making.spec, making.prepared
    version, epoch = prepared.python.version, spec.build.epoch
    content = bill_of_materials(lock, name=spec.image.repository, python_version=version, epoch=epoch)
    return (Attachment(CYCLONEDX, CYCLONEDX, content, provenance(making.parts.ci.facts), _FILE),)


def _records(spec: DeploymentSpec, made: Made) -> Iterator[RecordToWrite]:
    """The parts below for all images of the registry, where they are new; and this image's layers."""
    tool = {_TOOL: __version__}
    lower = made.lower
    if spec.build.cache_repository:
        for part in lower.parts:
            if not part.recorded:
                yield part.record(spec.build.cache_repository, tool)
    kept = (recorded for part in lower.parts for recorded in part.kept)
    annotations = tool | {BASE_DIGEST: str(lower.base.digest)}
    yield RecordToWrite(spec.image.repository, RECORD_TAG, Record((*kept, *made.app), annotations))
