"""What is deployed, and where: guessed from the folder, asked where somebody answers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from functions_model.core.build import PYTHON_VERSIONS
from functions_model.core.registered import is_mlflow_model
from functions_model.environment.pythons import DEFAULT
from functions_model.scaffold.asking import NO_MODEL, Interview, Question
from functions_model.scaffold.declared import declared
from functions_model.scaffold.deployments import deployment_files
from functions_model.scaffold.installed import Installed, Package
from functions_model.scaffold.looking import Folder
from functions_model.scaffold.models import kind_of, model_files, model_places, path_in_model, sure_place
from functions_model.scaffold.needs import (
    Needs,
    both,
    needs_of_pickles,
    needs_of_script,
    opens_what_is_there,
    pickle_in,
    root_inputs,
)
from functions_model.scaffold.samples import WRITTEN, mlflow_sample, sample_there
from functions_model.scaffold.score_files import Scoring, made_up_sample, scoring_of, script_text
from functions_model.scaffold.scripts import described_sample, entry_scripts, sure_script

_ENVIRONMENTS = (
    *("conda.yml", "conda.yaml", "environment.yml", "environment.yaml"),
    *("requirements.txt", "requirements-*.txt", "requirements.in"),
)
_FOR_WORK = re.compile(r"dev|test|doc|lint|train|build")
"""In the names of environment files that are not for scoring."""
_REQUIREMENTS, _SCRIPT = "requirements.txt", "score.py"
_MOST_PLACES = 10
"""Places of a model that the script is held against."""


@dataclass(slots=True)
class Findings:
    """What was decided of the project itself.

    Attributes:
        inputs: By name, in the order of the inputs file.
        files: Texts of files to write, by their path in the project.
        notes: What somebody should know of a guess, whole sentences.
    """

    inputs: dict[str, str] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Project:
    folder: Folder
    interview: Interview
    installed: Installed
    found: Findings

    @property
    def python(self) -> str:
        return self.installed.python if self.installed.python in PYTHON_VERSIONS else DEFAULT


def find_out(folder: Folder, interview: Interview, installed: Installed) -> Findings:
    """Model, script, environment and sample; problems are noted in the interview.

    Args:
        folder: The project.
        interview: Who answers.
        installed: The environment that it is worked on in.
    """
    project = _Project(folder, interview, installed, Findings())
    inputs = project.found.inputs
    if file := _deployment_file(project):
        inputs["deployment-file"] = file
        return project.found
    scripts = entry_scripts(folder)
    model = inputs["model-path"] = _model(project, scripts)
    script, scoring = _script(project, model, scripts)
    needs = _needs(project, model, script, scoring)
    inputs |= root_inputs(inputs, needs.roots)
    if script or not is_mlflow_model(folder.path / model):
        _environment(project, needs)
    _sample(project, model, script)
    return project.found


def _deployment_file(project: _Project) -> str:
    """An Azure ML deployment file, which says the rest."""
    said = {"model-path", "entry-script"} & project.interview.given.keys()
    files = deployment_files(project.folder)
    if said or not (files or "deployment-file" in project.interview.given):
        return ""
    guess = files[0] if len(files) == 1 else ""
    question = Question("deployment-file", "Azure ML deployment file", guess, files, needed=False)
    if len(files) > 1 and not guess:
        question = Question("deployment-file", "Azure ML deployment file", others=files)
    return project.interview.answer(question)


def _model(project: _Project, scripts: tuple[str, ...]) -> str:
    folder = project.folder
    places = model_places(folder)
    guess = _opened(project, sure_script(scripts), places) or sure_place(places, folder)
    if not places and scripts and not _mentions_model(project, sure_script(scripts)):
        guess = NO_MODEL
    remedy = "" if places else "Train the model first, or name its file or folder with `--model-path`."
    return project.interview.answer(Question("model-path", "Model (file or folder)", guess, places, remedy=remedy))


def _mentions_model(project: _Project, script: str) -> bool:
    return not script or "AZUREML_MODEL_DIR" in project.folder.text(script)


def _opened(project: _Project, script: str, places: tuple[str, ...]) -> str:
    """The one place where the script finds all that it opens; empty where none or several are right."""
    if not script or not _mentions_model(project, script):
        return ""
    files = [one for one in places if "/" in one and kind_of(project.folder.path / one)]
    places = tuple(dict.fromkeys([*places, *(str(PurePosixPath(one).parent) for one in files)]))
    right = [
        one
        for one in places[:_MOST_PLACES]
        if opens_what_is_there(project.folder, {"model-path": one, "entry-script": script}, project.python)
    ]
    return right[0] if len(right) == 1 else ""


def _script(project: _Project, model: str, scripts: tuple[str, ...]) -> tuple[str, Scoring | None]:
    """The entry script that is there, or how the one that is written scores; neither for an MLflow model alone."""
    interview, folder = project.interview, project.folder
    if not scripts and "entry-script" not in interview.given and not interview.known.get("entry-script"):
        if is_mlflow_model(folder.path / model):
            return "", None
        if scoring := _written_script(project, model):
            return "", scoring
    needed = not is_mlflow_model(folder.path / model)
    remedy = "Write one: https://learn.microsoft.com/azure/machine-learning/how-to-deploy-online-endpoints says how."
    question = Question(
        "entry-script", "Entry script", sure_script(scripts), scripts, needed, remedy if not scripts else ""
    )
    script = interview.answer(question)
    if script:
        project.found.inputs["entry-script"] = script
    return script, None


def _written_script(project: _Project, model: str) -> Scoring | None:
    folder, files = project.folder, model_files(project.folder, model)
    if len(files) != 1:
        return None
    file = folder.path / files[0]
    kind = kind_of(file)
    scoring = scoring_of(kind, pickle_in(file), file) if kind else None
    if scoring is None:
        return None
    name = _SCRIPT if PurePosixPath(_SCRIPT) not in folder.files else "score_model.py"
    project.found.files[name] = script_text(scoring, path_in_model(model, files[0]))
    project.found.inputs["entry-script"] = name
    if sample := made_up_sample(file):
        project.found.files[WRITTEN] = sample
        project.found.notes.append(f"{WRITTEN} is a row of zeros: put in one that means something.")
    return scoring


def _needs(project: _Project, model: str, script: str, scoring: Scoring | None) -> Needs:
    folder = project.folder
    pickled = needs_of_pickles(folder, model_files(folder, model), project.python) if model != NO_MODEL else Needs({})
    if scoring:
        return both(Needs(dict.fromkeys(scoring.modules, True)), pickled)
    inputs = {"model-path": model or NO_MODEL, "entry-script": script}
    return both(needs_of_script(folder, inputs, project.python), pickled) if script else pickled


def _environment(project: _Project, needs: Needs) -> None:
    """The environment file that is there, or one with what script and model need."""
    there = [file for file in project.folder.named(*_ENVIRONMENTS) if not _FOR_WORK.search(file.name)]
    nearest = tuple(str(file) for file in there if len(file.parts) == len(there[0].parts))
    inputs, interview = project.found.inputs, project.interview
    if there or interview.given.keys() & {"environment-file"} or interview.known.get("environment-file"):
        question = Question("environment-file", "Environment file", next(iter(nearest), ""), nearest, needed=False)
        if file := interview.answer(question):
            inputs["environment-file"] = file
        return
    packages = needs.packages(project.installed)
    if not packages:
        return
    lines = {package.name: package.line for package in packages if package.version}
    known = {name: line for name, line in declared(project.folder).items() if name not in lines}
    project.found.files[_REQUIREMENTS] = _requirements(packages, known)
    inputs["environment-file"] = _REQUIREMENTS
    if project.installed.python in PYTHON_VERSIONS:
        inputs["python-version"] = project.installed.python
    if any(package.name == "torch" for package in packages):
        inputs["torch-backend"] = "cpu"
    loose = [package.name for package in packages if not package.version and package.name not in known]
    project.found.notes += _of_packages(loose, project.installed)


def _requirements(packages: tuple[Package, ...], known: Mapping[str, str]) -> str:
    """Pinned to what is installed, else as the project's own files say."""
    head = "# What the entry script imports and the model was made with. Written by `functions-model init`.\n"
    return head + "".join(f"{known.get(package.name, package.line)}\n" for package in packages)


def _of_packages(loose: list[str], installed: Installed) -> Iterator[str]:
    where = f"in {installed.place}" if installed.place else "here: there is no virtual environment"
    if loose:
        names = ", ".join(f"`{name}`" for name in loose)
        yield f"{names}: not installed {where}. Write the versions into {_REQUIREMENTS} that the model was made with."


def _sample(project: _Project, model: str, script: str) -> None:
    found, folder = project.found, project.folder
    there = sample_there(folder, model)
    if not there and WRITTEN not in found.files:
        made = described_sample(folder, script) if script else mlflow_sample(folder, model)
        if made:
            found.files[WRITTEN] = made
    if WRITTEN in found.files and not there and "sample-request" not in project.interview.given:
        found.inputs["sample-request"] = WRITTEN
        return
    found.files.pop(WRITTEN, None)
    question = Question("sample-request", "Sample request, a file to send to the live app", there, needed=False)
    if file := project.interview.answer(question):
        found.inputs["sample-request"] = file
    else:
        found.notes.append(
            "Without a sample request, a deployment proves that `init()` returns, and not that it scores."
        )
