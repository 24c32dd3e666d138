"""`data_collector` of an Azure ML online deployment: which collections, how large a part, how often a new folder.

https://learn.microsoft.com/azure/machine-learning/how-to-collect-production-data, and azure-ai-ml,
_schema/_deployment/online/data_collector_schema.py with its neighbours.
"""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from functions_model.core.collect import CONTAINER, DEPLOYMENT, HOUR, INPUTS, OUTPUTS, ROLLING, Collect
from functions_model.core.failures import RuleBroken
from functions_model.core.yaml_nodes import is_empty
from functions_model.inputs.collecting import collection_name, sample_rate
from functions_model.inputs.deployment_yaml import Sheet

FOLDERS = ("endpoint_name", "name")
"""Keys of the file that say where collected data lies."""
_KEYS = ("collections", "sampling_rate", "rolling_rate", "request_logging")
_COLLECTION = ("enabled", "data", "client_id", "sampling_rate")
_UNUSED = {
    "data": "no data asset is registered; `collect-storage-account` and `collect-container` say where the data lies",
    "client_id": "the app writes as its own identity",
    "request_logging": "no headers are collected",
}


def read_data_collector(sheet: Sheet, values: Mapping[str, yaml.Node]) -> Collect | None:
    """What is collected; None where no collection is enabled.

    Args:
        sheet: The file.
        values: Its parts, by key.
    """
    node = values["data_collector"]
    if is_empty(node):
        return None
    if not isinstance(node, yaml.MappingNode):
        sheet.refuse(node, "`data_collector` is not a mapping", "Give it `collections`.")
        return None
    found = {key: value for key, (_, value) in sheet.sections(node, _KEYS, "data_collector").items()}
    if "request_logging" in found:
        sheet.note("data_collector.request_logging", _UNUSED["request_logging"])
    rate = _rate(sheet, found["sampling_rate"]) if "sampling_rate" in found else 1.0
    rates = {name: own or rate for name, own in _enabled(sheet, found.get("collections")) if own or rate}
    if not rates:
        return None
    endpoint, name = (_text(sheet, values, key) for key in FOLDERS)
    return Collect(
        rates,
        CONTAINER,
        endpoint,
        name or DEPLOYMENT,
        _rolling(sheet, found["rolling_rate"]) if "rolling_rate" in found else HOUR,
    )


def _enabled(sheet: Sheet, node: yaml.Node | None) -> list[tuple[str, float]]:
    """Names of the collections that are enabled, each with a rate of its own; 0 where it has none."""
    if not isinstance(node, yaml.MappingNode):
        if node is not None:
            sheet.refuse(node, "`collections` is not a mapping", "Name each collection, and whether it is `enabled`.")
        return []
    names: list[tuple[str, float]] = []
    for key, value in node.value:
        name = sheet.scalar(key, "collections")
        if not isinstance(value, yaml.MappingNode):
            sheet.refuse(key, f"the collection `{name}` is not a mapping", "Write `enabled: true` below its name.")
            continue
        found = sheet.sections(value, _COLLECTION, f"collections.{name}")
        for unused in ("data", "client_id"):
            if unused in found:
                sheet.note(f"data_collector.collections.{name}.{unused}", _UNUSED[unused])
        if "enabled" in found and sheet.scalar(found["enabled"][1], "enabled").lower() == "true":
            own = _rate(sheet, found["sampling_rate"][1]) if "sampling_rate" in found else 0.0
            names.append((_named(sheet, key, name), own))
    return [(name, own) for name, own in names if name]


def _named(sheet: Sheet, node: yaml.Node, name: str) -> str:
    try:
        return collection_name(name.lower() if name.lower() in {INPUTS, OUTPUTS} else name)
    except RuleBroken as broken:
        sheet.refuse(node, broken.what, broken.remedy)
        return ""


def _rate(sheet: Sheet, node: yaml.Node) -> float:
    try:
        return sample_rate(sheet.scalar(node, "sampling_rate"), least=0)
    except RuleBroken as broken:
        sheet.refuse(node, broken.what, broken.remedy)
        return 1.0


def _rolling(sheet: Sheet, node: yaml.Node) -> str:
    text = sheet.scalar(node, "rolling_rate").lower()
    if text not in ROLLING:
        sheet.refuse(node, f"`{text}` is no rolling rate", f"Use {', '.join(f'`{one}`' for one in ROLLING)}.")
    elif text != HOUR:
        sheet.notes.append(f"Azure ML's monitors read folders of hours, and `{sheet.name}` asks for those of a {text}.")
    return text


def _text(sheet: Sheet, values: Mapping[str, yaml.Node], key: str) -> str:
    """A name of the file's as a part of a blob's path; empty where there is none."""
    node = values.get(key)
    if not isinstance(node, yaml.ScalarNode):
        return ""
    return sheet.scalar(node, key).strip("/").replace("/", "-")
