"""The sample request, read when it is sent: long after it was looked at first."""

from __future__ import annotations

from pathlib import Path

from functions_model.core.failures import NotLive
from functions_model.image.opened import MOST_SAMPLE, read_whole


def sample_content(file: Path) -> bytes:
    """What is sent.

    Raises:
        NotLive: The file has gone meanwhile, or became something else. The app stands.
    """
    try:
        return read_whole(file, MOST_SAMPLE)
    except OSError as error:
        what = f"`{file.name}` cannot be read any more: {error.strerror}"
        remedy = "The app is deployed, and the sample was not scored. Put the file back, and run again."
        raise NotLive("send the sample request", what, remedy) from error
