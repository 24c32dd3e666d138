"""The inputs file that is written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from functions_model.ci.pages import scalar

INPUTS = "inputs.yml"
_HEAD = """\
# The inputs of functions-model: `functions-model plan --inputs-file inputs.yml`, and likewise all other commands.
# `functions-model deploy --help` lists all that there are.
"""


def inputs_text(inputs: Mapping[str, str]) -> str:
    """The inputs file."""
    return _HEAD + "".join(_entries(inputs))


def _entries(inputs: Mapping[str, str]) -> Iterator[str]:
    for name, value in inputs.items():
        lines = value.split("\n")
        if len(lines) > 1:
            yield f"{name}:\n" + "".join(f"  - {scalar(line)}\n" for line in lines)
        else:
            yield f"{name}: {scalar(value)}\n"
