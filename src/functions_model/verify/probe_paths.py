"""The name of a probe's blob, and those that its answer may have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from functions_model.core.blob_paths import Literal, Parameter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions_model.core.blob_paths import BlobPath


@dataclass(frozen=True, slots=True)
class Answers:
    """The blobs that may be the answer.

    Attributes:
        prefix: How all their names begin.
        names: What a name must match: the host makes up some parts of it.
    """

    prefix: str
    names: re.Pattern[str]


def name_for(source: BlobPath, probe: str) -> str:
    """A blob's name that fits the path, with the probe's id for each name in braces."""
    return "".join(part.text if isinstance(part, Literal) else probe for part in source.blob)


def answers_for(source: BlobPath, name: str, target: BlobPath) -> Answers:
    """The blobs that the host may write for the blob of that name."""
    values = _captured(source, name)
    known = [values.get(part.name.lower()) if isinstance(part, Parameter) else _text(part) for part in target.blob]
    whole = "".join(".+" if text is None else re.escape(text) for text in known)
    open_end = known.index(None) if None in known else len(known)
    return Answers("".join(text or "" for text in known[:open_end]), re.compile(whole, re.DOTALL))


def _captured(source: BlobPath, name: str) -> Mapping[str, str]:
    """What each name in braces stands for. Two in a row divide a text as the host does: the first takes the most.

    Azure/azure-webjobs-sdk, Microsoft.Azure.WebJobs.Host/Bindings/Path/BindingTemplateToken.cs, `BuildCapturePattern`.
    """
    seen: list[str] = []
    pattern = ""
    for part in source.blob:
        if isinstance(part, Parameter):
            again = part.name.lower() in seen
            pattern += ".*" if again else "(.*)"
            seen += [] if again else [part.name.lower()]
        else:
            pattern += re.escape(_text(part))
    match = re.fullmatch(pattern, name, re.DOTALL)
    return dict(zip(seen, match.groups(), strict=True)) if match else {}


def _text(part: object) -> str:
    return part.text if isinstance(part, Literal) else ""
