"""`collect` and its neighbours, over what a deployment file says."""

from __future__ import annotations

import re
from dataclasses import replace

from functions_model.core.blob_paths import CONTAINER as PATTERN
from functions_model.core.collect import CONTAINER, INPUTS, OTHERS, OUTPUTS, Collect
from functions_model.core.failures import RuleBroken
from functions_model.inputs.form import Form
from functions_model.inputs.rules import matching

_WORDS = {"inputs": INPUTS, "outputs": OUTPUTS, "script": OTHERS}
_COLLECTION = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,253}[A-Za-z0-9_-])?"
_MORE = ("collect-sample-rate", "collect-storage-account", "collect-container")
"""Inputs that mean nothing where nothing is collected."""


def collection_name(text: str) -> str:
    """A collection's name: a folder in the paths of its blobs."""
    return matching(_COLLECTION, "a collection's name", "Use letters, digits, `_`, `-` and `.`.", text)


def sample_rate(text: str, least: float = 1e-6) -> float:
    """A part of all requests, up to 1."""
    remedy = "Use a number above 0 and up to 1: `0.1` collects one request of ten."
    if not re.fullmatch(r"(?:[0-9]*\.)?[0-9]+", text, re.ASCII) or not least <= float(text) <= 1:
        raise RuleBroken(f"`{text}` is not a sample rate", remedy)
    return float(text)


def container_name(text: str) -> str:
    """Microsoft.Storage/storageAccounts/blobServices/containers: 3-63 lower-case letters, digits and hyphens."""
    remedy = "Use 3 to 63 lower-case letters, digits and single hyphens, starting and ending with a letter or a digit."
    return matching(PATTERN, "a blob container's name", remedy, text)


def take_collect(form: Form, app: str) -> Collect | None:
    """What is collected; None for nothing. What is given beside `collect`, and means nothing without it, is noted."""
    rate = form.take("collect-sample-rate", sample_rate)
    container = form.take("collect-container", container_name) or CONTAINER
    collections = form.take("collect", _collections)
    if collections is None and form.file_collect is None:
        if not form.text("collect"):
            _refuse_unused(form)
        return None
    found = form.file_collect or Collect({}, container, "")
    rates = dict.fromkeys(collections or found.rates, 1.0) if collections or rate else found.rates
    return replace(
        found,
        rates={name: rate or was for name, was in rates.items()},
        container=container,
        endpoint=found.endpoint or app or "",
    )


def _collections(text: str) -> tuple[str, ...]:
    words = [word.strip().lower() for word in re.split(r"[,\n]", text) if word.strip()]
    for word in words:
        if word not in _WORDS:
            raise RuleBroken(f"`{word}` is nothing that can be collected", "Use `inputs`, `outputs` and `script`.")
    return tuple(dict.fromkeys(_WORDS[word] for word in words))


def _refuse_unused(form: Form) -> None:
    for name in _MORE:
        if form.text(name):
            what = "it is set, and nothing is collected"
            form.refuse(name, what, "Set `collect`, or leave it out.")
