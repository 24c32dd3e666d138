"""`trigger`, what each kind of trigger takes, and `verify-trigger`."""

from __future__ import annotations

from collections.abc import Iterator

from functions_model.core.blob_paths import BACKSLASH, TRIGGERS_OWN, BlobPath, is_system, may_meet, parse_blob_path
from functions_model.core.failures import RuleBroken
from functions_model.core.names import CANDIDATE, MOVE
from functions_model.core.spec import AuthLevel, BlobTrigger, HttpTrigger, ServiceBusQueueTrigger, Trigger
from functions_model.inputs import rules
from functions_model.inputs.form import Form
from functions_model.inputs.settings import in_container, read_app_settings
from functions_model.inputs.specs import BLOB, HTTP, LOOK_OR_SEND, QUEUE


def read_trigger(form: Form) -> Trigger:
    """The trigger, with the problems of its inputs noted; `form.trigger` is its name.

    While only an image knows it, its name is empty, and any trigger is given back.
    """
    form.trigger = form.take("trigger", rules.trigger) or ("" if form.promotes else HTTP)
    form.refuse_unused()
    if form.trigger == BLOB:
        return _blob(form)
    if form.trigger == QUEUE:
        return _queue(form)
    return HttpTrigger(form.take("auth-level", AuthLevel) or AuthLevel.FUNCTION)


def _blob(form: Form) -> BlobTrigger:
    if not form.text("input-path"):
        form.miss("input-path", where="with `trigger: blob`")
    source = form.take("input-path", _input_path)
    target = form.take("output-path", _path)
    if source and target:
        _refuse_unknown_parameters(form, source, target)
        _refuse_circle(form, source, target)
        _refuse_backslash(form, target)
    return BlobTrigger(_plain(form.text("input-path")), _plain(form.text("output-path")) or None)


def _plain(text: str) -> str:
    """A path without the slash that may start it."""
    return text.lstrip("/")


def _path(text: str) -> BlobPath:
    try:
        return parse_blob_path(text)
    except ValueError as error:
        raise RuleBroken(f"`{text}` is not a blob's path: {error}", "Write it as `container/{name}.json`.") from error


def _input_path(text: str) -> BlobPath:
    path = _path(text)
    own = next((name for name in path.all_parameters if is_system(name)), None)
    if own:
        raise RuleBroken(
            f"`{text}` contains `{{{own}}}`, which the host allows in outputs only", "Use another name in the braces."
        )
    hidden = next((name for name in path.parameters if name.lower() in TRIGGERS_OWN), None)
    if hidden:
        raise RuleBroken(
            f"`{text}` holds `{{{hidden}}}`, a name that the host fills in itself: with it, no blob could be scored",
            "Use another name in the braces, such as `{name}`.",
        )
    return path


def _refuse_unknown_parameters(form: Form, source: BlobPath, target: BlobPath) -> None:
    known = {name.lower() for name in source.parameters}
    unknown = [f"`{{{name}}}`" for name in target.parameters if name.lower() not in known]
    if unknown:
        offered = ", ".join(f"`{{{name}}}`" for name in source.parameters)
        has = f"`input-path` has {offered}" if offered else "`input-path` has no names in braces"
        form.refuse(
            "output-path",
            f"it holds {', '.join(unknown)}, which `input-path` does not",
            f"{has}; the host itself gives `{{rand-guid}}` and `{{DateTime}}`.",
        )


def _refuse_circle(form: Form, source: BlobPath, target: BlobPath) -> None:
    settings = {name: value.reveal() for name, value in read_app_settings(form)[0].items()}
    if may_meet(source.with_settings(settings), target.with_settings(settings)):
        form.refuse(
            "output-path",
            f"a blob that it names, `{form.text('output-path')}`, would be scored in turn: it may fit `input-path` as"
            f" well, `{form.text('input-path')}`",
            "Use another container for the answers, or names that cannot be the same: `data/in/{name}` and"
            " `data/out/{name}`.",
        )


def _refuse_backslash(form: Form, target: BlobPath) -> None:
    """One in the path itself is refused with the path."""
    settings = {in_container(name).lower(): value.reveal() for name, value in read_app_settings(form)[0].items()}
    guilty = next((name for name in target.settings if BACKSLASH in settings.get(name.lower(), "")), None)
    if guilty:
        what = (
            f"it contains the app setting `{guilty}`, whose value has a backslash: the host does not write such a blob"
        )
        form.refuse("output-path", what, "Use `/` in the setting's value.")


def _queue(form: Form) -> ServiceBusQueueTrigger:
    if not form.text("input-queue-name"):
        form.miss("input-queue-name", where="with `trigger: service-bus-queue`")
    source = form.take("input-queue-name", rules.queue_name)
    target = form.take("output-queue-name", rules.queue_name)
    if source and target and source.lower() == target.lower():
        form.refuse(
            "output-queue-name",
            "it is the queue of `input-queue-name`, so each answer would be scored in turn",
            "Use a separate queue for the answers.",
        )
    return ServiceBusQueueTrigger(source, target or None)


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
    if not form.trigger:
        return True
    if form.trigger == BLOB:
        written = f"one blob in the container of `{form.text('input-path')}`, and removes it and its answer"
    else:
        queue = form.text("input-queue-name")
        written = f"one message to the queue `{queue}`, and receives its answer if no other message waits"
    form.notes.append(f"`{_NAME}` is `send`: once the app is live, a deployment writes {written}.")
    return True


def _obstacles(form: Form) -> Iterator[tuple[str, str]]:
    """What keeps a probe from being sent or known again, and the way out."""
    if not form.text("sample-request"):
        yield "it is `send`, and there is no sample request to send", "Give `sample-request`, or leave it out."
    if form.text(f"{CANDIDATE}-name") and form.text(MOVE).lower() != "true":
        what = f"it is `send`, and the trigger is off in a {CANDIDATE}"
        yield what, f"Set `{MOVE}: true`, which proves the trigger after the {MOVE}, or leave it out."
    output = _OUTPUTS.get(form.trigger, _OTHER_OUTPUT)
    if not form.trigger:
        return
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
        what = "it is `send`, and `output-path` does not say which blob was scored"
        yield what, f"Use `{{{source.parameters[0]}}}` there, or leave it out."
