"""What the checks read: the user's files as they will lie in the image, and what lies beside them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from functions_model.bundle import BundlePlan, layout
from functions_model.core.spec import DeploymentSpec, Model, Target
from functions_model.image.files import FileTree


@dataclass(frozen=True, slots=True)
class Project:
    """The user's files, as they will lie in the image: what is ignored is not among them.

    Attributes:
        workspace: The folder that messages show paths below.
        code: The source directory, by its paths in the image; our own script for an MLflow model without one.
        code_folder: Where it lies in the image, POSIX: `var/azureml-app/code`.
        entry_script: Within `code_folder`, POSIX: `score.py`.
        models: The models' files, by their paths in the image.
        model_folders: For each model where it lies in the image, POSIX: `var/azureml-app/azureml-models/iris/1`.
        python: The minor that runs it: `3.11`.
        own_script: Whether the entry script is the user's.
        source_directory: On this machine; None without a script of the user's.
        import_roots: Folders of the code where imports are looked for, too, relative to `code_folder`.
        environment_file: What asks for the packages, for the way out of what is missing; None when nothing does.
        collects: Whether it is said what becomes of what a script collects; an image alone says nothing of that.
        bare_base: Whether below the dependencies there is what Microsoft's base image has, and nothing else.
    """

    workspace: Path
    code: FileTree
    code_folder: str
    entry_script: str
    models: FileTree
    model_folders: tuple[tuple[Model, str], ...]
    python: str
    own_script: bool = True
    source_directory: Path | None = None
    import_roots: tuple[str, ...] = ()
    environment_file: Path | None = None
    bare_base: bool = True
    collects: bool = True

    @property
    def environ(self) -> dict[str, str]:
        """The variables of the image that say where things are."""
        folders = [folder for _, folder in self.model_folders]
        root = folders[0] if len(folders) == 1 else layout.MODELS
        models = {"AZUREML_MODEL_DIR": f"/{root}"} if folders else {}
        return {"AML_APP_ROOT": f"/{self.code_folder}", "AZUREML_ENTRY_SCRIPT": self.entry_script, **models}

    def asking_for(self, what: str) -> str:
        """How a package comes into the image, as a whole sentence: "Add `pandas` to `conda.yml`."."""
        file = self.environment_file
        if file is None:
            return f"Give an `environment-file` that asks for {what}."
        shown = file.relative_to(self.workspace) if file.is_relative_to(self.workspace) else file.name
        return f"Add {what} to `{shown}`."

    def shown(self, path: str) -> Path:
        """Where a file of the image lies on this machine; its path there when it is on none."""
        for tree in (self.code, self.models):
            for file in tree.files:
                if file.path == path and isinstance(file.content, Path):
                    return file.content
        return Path(path)

    @property
    def script_path(self) -> str:
        """The entry script's path in the image."""
        return f"{self.code_folder}/{self.entry_script}"


def project_of(spec: DeploymentSpec, bundle: BundlePlan, python: str, environment_file: Path | None) -> Project:
    """The project of one deployment. Nothing is read.

    Args:
        spec: With everything on this machine.
        bundle: The files' names, read before.
        python: The minor that runs it.
        environment_file: What asks for the packages.
    """
    trees = {layer.name: layer.tree for layer in bundle.layers}
    code = trees.pop("code", FileTree())
    models = sum(trees.values(), FileTree())
    return Project(
        workspace=spec.workspace,
        code=code,
        code_folder=layout.code_folder(spec),
        entry_script=layout.script_within(spec.code),
        models=models,
        model_folders=tuple((model, layout.model_folder(model)) for model in spec.local_models),
        python=python,
        own_script=spec.code is not None,
        source_directory=spec.code.source_directory if spec.code else None,
        import_roots=spec.code.import_roots if spec.code else (),
        environment_file=environment_file,
        bare_base=spec.build.dockerfile is None and _is_bare(spec.base_image),
        collects=spec.target is None or spec.target.collect is not None or _is_said(spec.target),
    )


def _is_said(target: Target) -> bool:
    """Whether app settings say what becomes of collected data."""
    return any(name.upper().startswith("AZUREML_MDC_") for name in target.app_settings)


_FUNCTIONS_BASE = "azure-functions/python"
"""The end of the repository of Microsoft's base images, kept by mirrors:
https://mcr.microsoft.com/v2/azure-functions/python/tags/list."""


def _is_bare(base_image: str | None) -> bool:
    if base_image is None:
        return True
    repository = base_image.partition("@")[0].rpartition("/")
    name = repository[2].partition(":")[0]
    return f"{repository[0]}/{name}".endswith(_FUNCTIONS_BASE)
