"""A probe of a blob trigger: a blob of ours in its container, and the answer's blob."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from functions_model.azure.data import BlobData, DataRefused
from functions_model.core.blob_paths import BlobPath, Literal, Parameter
from functions_model.verify.probe import new_id
from functions_model.verify.sample import sample_content

PREFIX = "functionsmodelprobe"
"""Letters alone: what stands beside a name in braces often is a `-`, a `_` or a `.`."""


@dataclass
class BlobProbe:
    """The sample request as a blob of ours.

    Attributes:
        roles: What a login needs to send it, by their names.
        blobs: Of the account.
        source: The input path, its settings filled in.
        target: The output path, its settings filled in.
        sample: The file that is sent.
        content_type: Of the file.
    """

    roles: ClassVar[tuple[str, ...]] = ("Storage Blob Data Contributor",)
    blobs: BlobData
    source: BlobPath
    target: BlobPath
    sample: Path
    content_type: str
    _sent: bool = field(default=False, init=False)

    @cached_property
    def name(self) -> str:
        """The blob's name; no other blob has it."""
        return name_for(self.source, new_id(PREFIX))

    @property
    def place(self) -> str:
        """Where it goes, for people."""
        return f"blob `{_container(self.source)}/{self.name}`"

    def send(self) -> None:
        """Write it; never over another one."""
        content = sample_content(self.sample)
        self._sent = True
        try:
            self.blobs.write(_container(self.source), self.name, content, self.content_type)
        except DataRefused as refused:
            self._sent = not 400 <= refused.status < 500
            raise

    def answered(self) -> bool:
        """Whether there is a blob that the host wrote for ours."""
        return any(True for _ in self._found())

    def lost(self) -> str:
        """Nothing: the host tells it in a queue of the account, for which other roles are needed."""
        return ""

    def clean(self) -> str:
        """Remove our blob first, so that no answer comes later; then its answer."""
        if self._sent:
            self.blobs.remove(_container(self.source), self.name)
            for name in list(self._found()):
                self.blobs.remove(_container(self.target), name)
        return ""

    def _found(self) -> Iterator[str]:
        """Names of the blobs that may be the answer. The host makes a container that is missing with its first blob."""
        return filter(self._answers.names.fullmatch, self.blobs.names(_container(self.target), self._answers.prefix))

    @cached_property
    def _answers(self) -> Answers:
        return answers_for(self.source, self.name, self.target)


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


def _container(path: BlobPath) -> str:
    return path.container_name({}) or ""
