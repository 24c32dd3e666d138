"""Collected data, read as Azure ML's monitors read it.

Azure/azureml-assets, assets/model_monitoring/components/src/model_data_collector_preprocessor: where files are looked
for (mdc_preprocessor_helper.py, `get_file_list`), and what rows they become (mdc_utils.py,
`_extract_data_and_correlation_id`).
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_BELOW = r"/[0-9]{4}/[0-9]{2}/[0-9]{2}/[0-9]{2}/[^/]+\.jsonl"


def records_in(blobs: Mapping[str, bytes], folder: str) -> list[dict[str, Any]]:
    """The records of a collection, in the order of their files' names."""
    names = sorted(name for name in blobs if re.fullmatch(re.escape(folder) + _BELOW, name))
    return [json.loads(line) for name in names for line in blobs[name].splitlines()]


def rows_in(blobs: Mapping[str, bytes], folder: str) -> list[dict[str, Any]]:
    """A row for each entry of each record's data: its features, and which request it belongs to."""
    return [
        {**row, "correlationid": f"{record['correlationid']}_{number}"}
        for record in records_in(blobs, folder)
        for number, row in enumerate(record["data"])
    ]
