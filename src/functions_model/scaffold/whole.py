"""All that `init` writes and says, made of a folder and the answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from functions_model.ci.pages import Deploying, pipeline_text, workflow_text
from functions_model.core.failures import InputsInvalid, Problem
from functions_model.inputs import Workspace, read_any
from functions_model.inputs.inputs_file import inputs_in
from functions_model.inputs.specs import BLOB, QUEUE, TRIGGERS
from functions_model.scaffold.asking import Ask, Interview, Question
from functions_model.scaffold.inputs_page import INPUTS, inputs_text
from functions_model.scaffold.installed import environment_of
from functions_model.scaffold.interview import Findings, find_out
from functions_model.scaffold.login import Place, for_azure_pipelines, for_github
from functions_model.scaffold.looking import Folder, Remote, branch_of, look_at, remote_of, text_of
from functions_model.scaffold.naming import action_of, registry_for, suffix, words_of
from functions_model.scaffold.writing import written

GITHUB, PIPELINES = "github", "azure-pipelines"
_LOCATION = "westeurope"
_ANY = "00000000-0000-0000-0000-000000000000"
_STAND_INS = dict.fromkeys(("subscription-id", "tenant-id", "client-id"), _ANY)
_OURS = "functions-model-action"
_OF_TRIGGERS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    BLOB: {
        "input-path": ("Blobs to score (container and name)", "input/{name}.json"),
        "output-path": ("Blobs for the answers", "output/{name}.json"),
    },
    QUEUE: {
        "input-queue-name": ("Queue with the messages to score", "input"),
        "output-queue-name": ("Queue for the answers", "output"),
    },
}
_NAMES = ("app-name", "resource-group", "location", "registry")


@dataclass(frozen=True, slots=True)
class Whole:
    """What is to be written, and said.

    Attributes:
        folder: The project.
        inputs: By name.
        files: Texts by absolute path.
        kept: Files that are there and stay.
        notes: Whole sentences.
        place: Where it is deployed to.
        ci: `github` or `azure-pipelines`.
        action: What names this action.
    """

    folder: Folder
    inputs: Mapping[str, str]
    files: Mapping[Path, str]
    kept: tuple[Path, ...]
    notes: tuple[str, ...]
    place: Place
    ci: str
    action: str

    @property
    def login(self) -> list[str]:
        """The commands that set up the login."""
        return for_github(self.place) if self.ci == GITHUB else for_azure_pipelines(self.place)


def make(path: Path, given: Mapping[str, str], ask: Ask | None, *, force: bool, environ: Mapping[str, str]) -> Whole:
    """Look, ask, and make up the files. Nothing is written.

    Args:
        path: The project's folder; it exists.
        given: Answers that were given beforehand, by name.
        ask: Puts questions to somebody; None where nobody is there.
        force: Files that are there are written anew.
        environ: The process environment.

    Raises:
        InputsInvalid: Something cannot be guessed, or is wrong; all of it is told.
    """
    folder = look_at(path)
    known = _known(folder)
    if not force and known:
        _refuse_contradictions(known, given)
        given = {**given, **known}
    interview = Interview(given, known, ask, Workspace(folder.path))
    remote = remote_of(folder.repository)
    installed = environment_of((folder.path, folder.repository), environ)
    found = find_out(folder, interview, installed)
    inputs = {**found.inputs, **_trigger(interview), **_names(interview, folder, remote)}
    inputs |= {name: value for name, value in known.items() if name not in inputs}
    ci, action = _deploying(interview, folder, remote)
    if interview.problems:
        raise InputsInvalid("write the files", interview.problems)
    app, group, location, registry = (inputs[name] for name in _NAMES)
    place = Place(app, group, location, registry, remote, branch_of(folder.repository))
    files, kept = _files(folder, found, inputs, _page(folder, place, ci, action), force=force)
    return Whole(folder, inputs, files, kept, tuple(found.notes), place, ci, action)


def write(whole: Whole) -> None:
    """Write the files, all or none, and hold the inputs to what a deployment asks of them.

    Raises:
        InputsInvalid: A deployment would not take them, or a file cannot be written. Nothing is left behind.
    """
    with written(whole.files):
        read_any({**whole.inputs, **_STAND_INS, "mode": "deploy"}, workspace=whole.folder.path)


def _known(folder: Folder) -> dict[str, str]:
    file = folder.path / INPUTS
    if not file.is_file():
        return {}
    found, problems = inputs_in(file, "")
    if problems:
        raise InputsInvalid(f"read `{INPUTS}`", problems)
    return {name: text for name, (text, _) in found.items()}


def _refuse_contradictions(known: Mapping[str, str], given: Mapping[str, str]) -> None:
    problems = [
        Problem(
            f"`{INPUTS}` exists and says `{known[name]}`", "Change it there, or replace the file with `--force`.", name
        )
        for name, value in given.items()
        if name in known and known[name] != value
    ]
    if problems:
        raise InputsInvalid("write the files", problems)


def _trigger(interview: Interview) -> dict[str, str]:
    trigger = interview.answer(Question("trigger", "Trigger", TRIGGERS[0], TRIGGERS))
    more = {
        name: interview.answer(Question(name, text, guess, needed=name.startswith("input")))
        for name, (text, guess) in _OF_TRIGGERS.get(trigger, {}).items()
    }
    return {"trigger": trigger, **{name: value for name, value in more.items() if value}}


def _names(interview: Interview, folder: Folder, remote: Remote | None) -> dict[str, str]:
    words = words_of(folder, remote)
    app = interview.answer(Question("app-name", "Name of the app, unique in all of Azure", f"{words}-{suffix()}"))
    group = interview.answer(Question("resource-group", "Resource group", words))
    location = interview.answer(Question("location", "Azure region", _LOCATION))
    registry = interview.answer(Question("registry", "Container registry", registry_for(app)))
    return dict(zip(_NAMES, (app, group, location, registry), strict=True))


def _deploying(interview: Interview, folder: Folder, remote: Remote | None) -> tuple[str, str]:
    """Which CI, and what names this action there."""
    there = any(folder.repository.glob("azure-pipelines*.y*ml")) or (folder.repository / ".azure-pipelines").is_dir()
    is_github = (folder.repository / ".github").is_dir() or (remote is not None and remote.host == "github.com")
    of_azure = (remote is not None and remote.is_of_azure_devops) or (there and not is_github)
    guess = PIPELINES if of_azure else GITHUB
    ci = interview.answer(Question("ci", "Where it is deployed from", guess, (GITHUB, PIPELINES)))
    action = interview.answer(Question("action", "The repository of this action, and its tag", action_of()))
    return ci, action


def _page(folder: Folder, place: Place, ci: str, action: str) -> tuple[Path, str]:
    """The workflow or the pipeline, and where it goes: one that is there and is another's stays."""
    top, name = folder.repository, f"-{folder.path.name}" if folder.within else ""
    if ci == GITHUB:
        first = top / ".github" / "workflows" / f"deploy{name}.yml"
        other = first.with_name(f"deploy-model{name}.yml")
    else:
        first = top / f"azure-pipelines{name}.yml"
        other = first.with_name(f"azure-pipelines-model{name}.yml")
    file = other if first.exists() and _OURS not in text_of(first) else first
    shown = file.relative_to(top).as_posix()
    has_lfs = "filter=lfs" in text_of(top / ".gitattributes")
    inputs = f"{folder.within}/{INPUTS}".lstrip("/")  # relative to the repository, not to the working directory
    deploying = Deploying(action, place.app, place.branch, folder.within, shown, inputs, has_lfs)
    return file, workflow_text(deploying) if ci == GITHUB else pipeline_text(deploying)


def _files(
    folder: Folder, found: Findings, inputs: Mapping[str, str], page: tuple[Path, str], *, force: bool
) -> tuple[dict[Path, str], tuple[Path, ...]]:
    texts = {folder.path / name: text for name, text in found.files.items()}
    texts |= {folder.path / INPUTS: inputs_text(inputs), page[0]: page[1]}
    kept = () if force else tuple(path for path in texts if path.exists())
    return {path: text for path, text in texts.items() if path not in kept}, kept
