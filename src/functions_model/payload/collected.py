"""What is collected of a request, and the line of JSON that it becomes: a CloudEvent, as Azure ML writes it.

The fields are those of https://learn.microsoft.com/azure/machine-learning/how-to-collect-production-data, as they stand
in Azure/azureml-assets, assets/model_monitoring/components/tests/unit/raw_mdc_data. What reads them takes `data` and
`correlationid`: mdc_utils.py there, `_extract_data_and_correlation_id`.
"""

from __future__ import annotations

import base64
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

JSON = "application/json"
_SMALL = 200
"""Cells of a table that is written at once."""
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False).encode
_ENVELOPE = 600
"""Bytes that a record has around its data, about."""
_FOLDERS = {"minute": "%Y/%m/%d/%H/%M", "hour": "%Y/%m/%d/%H", "day": "%Y/%m/%d"}
"""By rolling rate. Azure ML's monitors read that of an hour: mdc_preprocessor_helper.py there, `get_file_list`."""


@dataclass(frozen=True)
class Record:
    """One record.

    Attributes:
        collection: Where it belongs: `model_inputs`.
        body: The data as it came.
        content_type: Of the data, as far as it is known.
        correlation: What belongs to the same request has the same one.
        seconds: When, since 1970.
        more: Other fields, by name.
        is_line: The data is JSON without a line break: nobody has to look.
    """

    collection: str
    body: bytes
    content_type: str = JSON
    correlation: str = ""
    seconds: int = field(default_factory=lambda: int(time.time()))
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    more: Mapping[str, str] = field(default_factory=dict)
    is_line: bool = False

    @property
    def size(self) -> int:
        """Bytes that it takes, about."""
        return len(self.body) + _ENVELOPE

    def folder(self, rolling: str) -> str:
        """Where it lies, below its collection: `2026/11/30/23`."""
        return time.strftime(_FOLDERS.get(rolling, _FOLDERS["hour"]), time.gmtime(self.seconds))


def small_table(table: Any) -> bytes | None:
    """The JSON of a small table of numbers and text, row by row; None for any other, which pandas knows how to write.

    Numbers have all their digits here, where pandas writes ten.
    """
    try:
        if table is None or table.size > _SMALL:
            return None
        names = table.columns.tolist()
        if len(set(names)) < len(names) or not all(type(name) is str for name in names):
            return None
        return _encode([dict(zip(names, row, strict=True)) for row in table.to_numpy(dtype=object).tolist()]).encode()
    except Exception:  # noqa: BLE001 - dates, gaps, and what is no table
        return None


def line(record: Record, source: str) -> bytes:
    """The record as one line of JSON.

    Args:
        record: The record.
        source: ARM id of who collects.
    """
    kind, data = _data(record)
    fields = {
        **{name.lower(): value for name, value in record.more.items()},
        "specversion": "1.0",
        "id": record.id,
        "source": source,
        "type": f"azureml.inference.{record.collection}",
        "datacontenttype": JSON if record.is_line else record.content_type or "application/octet-stream",
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.seconds)),
        "contentrange": f"bytes 0-{max(0, len(record.body) - 1)}/{len(record.body)}",
        "correlationid": record.correlation,
        "xrequestid": record.correlation,
    }
    envelope = json.dumps(fields, separators=(",", ":")).encode()
    return b'%s,"%s":%s}\n' % (envelope[:-1], kind, data)


def _data(record: Record) -> tuple[bytes, bytes]:
    """The field and its JSON. What is no text is base64, as CloudEvents has it (JSON format, 3.1.1)."""
    if record.is_line:
        return b"data", record.body
    try:
        text = record.body.decode()
    except UnicodeDecodeError:
        return b"data_base64", b'"%s"' % base64.b64encode(record.body)
    if "json" in record.content_type.lower():
        try:
            return b"data", json.dumps(json.loads(text), separators=(",", ":")).encode()
        except (ValueError, RecursionError):
            pass
    return b"data", json.dumps(text).encode()
