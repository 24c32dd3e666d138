"""The files of a registered model: where they lie in the datastore."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

DATASTORE = "workspaceblobstore"
"""The datastore that every workspace has from the start, and that uploads go to."""
FOLDER = "model"
"""The folder's name for content that comes without one."""


@dataclass(frozen=True, slots=True)
class Upload:
    """Blobs to write.

    Attributes:
        prefix: The model's file or folder in the container: `LocalUpload/<hash>/<name>`.
        blobs: Names in the container, and contents.
    """

    prefix: str
    blobs: dict[str, bytes]

    def uri(self, workspace_id: str) -> str:
        """The `modelUri`: a workspace's path without its provider, then datastore and prefix."""
        place = workspace_id.replace("/resourceGroups/", "/resourcegroups/")
        place = place.replace("/providers/Microsoft.MachineLearningServices/", "/")
        return f"azureml:/{place}/datastores/{DATASTORE}/paths/{self.prefix}"


def upload_of(content: Path | Mapping[str, bytes]) -> Upload:
    """What to write for a file, a folder, or names with contents (which make a folder `model`).

    Raises:
        ValueError: There is nothing to write.
    """
    name, files = _files(content)
    if not files:
        message = f"there are no files in {content}"
        raise ValueError(message)
    digest = hashlib.sha256()
    for path, data in files.items():
        digest.update(b"%s\0%d\0" % (path.encode(), len(data)))
        digest.update(data)
    prefix = f"LocalUpload/{digest.hexdigest()[:32]}/{name}"
    return Upload(prefix, {f"{prefix}/{path}".rstrip("/"): data for path, data in files.items()})


def _files(content: Path | Mapping[str, bytes]) -> tuple[str, dict[str, bytes]]:
    """The last part of the prefix, and what lies below it; a file alone has an empty path."""
    if isinstance(content, Mapping):
        return FOLDER, {path: content[path] for path in sorted(content)}
    if content.is_file():
        return content.name, {"": content.read_bytes()}
    found = sorted(path for path in content.rglob("*") if path.is_file())
    return content.resolve().name, {path.relative_to(content).as_posix(): path.read_bytes() for path in found}
