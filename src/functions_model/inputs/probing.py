"""`verify-trigger`: whether a probe is sent, and what must be given for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions_model.core.blob_paths import parse_blob_path
from functions_model.inputs.proving import LOOK_OR_SEND
from functions_model.inputs.specs import BLOB, HTTP

if TYPE_CHECKING:
    from collections.abc import Iterator

    from functions_model.inputs.form import Form

_NAME = "verify-trigger"
_OUTPUTS = {BLOB: "output-path"}
_OTHER_OUTPUT = "output-queue-name"


def takes_probe(form: Form) -> bool:
    """Whether it is `send`, with what stands in its way noted; the inputs of the trigger have been read."""
    form.take(_NAME, LOOK_OR_SEND.index)
    if form.text(_NAME) != "send" or form.trigger == HTTP:
        return False
    for what, remedy in _obstacles(form):
        form.refuse(_NAME, what, remedy)
    if form.trigger == BLOB:
        written = f"one blob in the container of `{form.text('input-path')}`, and removes it and its answer"
    else:
        written = (
            f"one message to the queue `{form.text('input-queue-name')}`, and takes its answer where no other waits"
        )
    form.notes.append(f"`{_NAME}` is `send`: once the app is live, a deployment writes {written}.")
    return True


def _obstacles(form: Form) -> Iterator[tuple[str, str]]:
    """What keeps a probe from being sent or known again, and the way out."""
    if not form.text("sample-request"):
        yield "it is `send`, and there is no sample request to send", "Give `sample-request`, or leave it out."
    if form.text("slot-name") and form.text("swap").lower() != "true":
        what = "it is `send`, and the trigger is off in a slot"
        yield what, "Set `swap: true`, which proves the trigger after the swap, or leave it out."
    output = _OUTPUTS.get(form.trigger, _OTHER_OUTPUT)
    if not form.text(output):
        what = f"it is `send`, and there is no `{output}`: no answer could be seen"
        yield what, f"Give `{output}`, or leave it out."
    elif form.trigger == BLOB:
        yield from _paths(form)


def _paths(form: Form) -> Iterator[tuple[str, str]]:
    """A path that is always the same blob is that of somebody, which a probe would overwrite."""
    try:
        source, target = (parse_blob_path(form.text(name)) for name in ("input-path", "output-path"))
    except ValueError:
        return  # told with the paths themselves
    named = {name.lower() for name in source.parameters}
    if not named:
        yield "it is `send`, and `input-path` is always the same blob", "Use a name in braces there, or leave it out."
    elif not named.intersection(name.lower() for name in target.parameters):
        what = "it is `send`, and `output-path` tells nothing of the blob that was scored"
        yield what, f"Use `{{{source.parameters[0]}}}` there, or leave it out."
