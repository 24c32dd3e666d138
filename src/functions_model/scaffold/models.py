"""Where the model is, and what it is, by names and by the first bytes of files."""

from __future__ import annotations

import enum
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from functions_model.core.registered import MODEL_FILE
from functions_model.image.opened import opened
from functions_model.scaffold.looking import Folder

_HEAD = 4096


class Kind(enum.Enum):
    """What a file is loaded with."""

    PICKLE = "a pickle"
    ONNX = "ONNX"
    LIGHTGBM = "LightGBM"
    XGBOOST = "XGBoost"
    TORCHSCRIPT = "TorchScript"
    KERAS = "Keras"
    OTHER = "of another kind"


_BY_ENDING = {
    **dict.fromkeys((".joblib", ".jl", ".pkl", ".pickle", ".sav"), Kind.PICKLE),
    ".onnx": Kind.ONNX,
    ".keras": Kind.KERAS,
    ".lgb": Kind.LIGHTGBM,
    **dict.fromkeys((".xgb", ".ubj"), Kind.XGBOOST),
    **dict.fromkeys((".pt", ".pth"), Kind.TORCHSCRIPT),
    **dict.fromkeys((".safetensors", ".h5", ".hdf5", ".bin", ".gguf", ".tflite", ".cbm", ".pmml"), Kind.OTHER),
    ".ckpt": Kind.OTHER,
    **dict.fromkeys((".txt", ".model", ".json", ".bst"), None),
}
"""None: its beginning says whether it is one at all."""
_BEGINNINGS = {
    Kind.LIGHTGBM: re.compile(rb"tree\r?\nversion="),
    Kind.XGBOOST: re.compile(rb'\s*\{\s*"learner"|\{L[\x00-\xff]{8}learner|binf'),
}
_FOLDERS = ("model", "models")
"""Where people put one, in this order."""


def kind_of(path: Path) -> Kind | None:
    """What a file is loaded with; None where it is no model."""
    ending = path.suffix.lower()
    if ending not in _BY_ENDING:
        return None
    known = _BY_ENDING[ending]
    if known is None:
        head = _head(path)
        return next((kind for kind, begins in _BEGINNINGS.items() if begins.match(head)), None)
    if known is Kind.TORCHSCRIPT and not _is_torchscript(path):
        return Kind.OTHER
    return known


def _head(path: Path) -> bytes:
    try:
        with opened(path) as stream:
            return stream.read(_HEAD)
    except OSError:
        return b""


def _is_torchscript(path: Path) -> bool:
    """Whether it holds its own code: https://github.com/pytorch/pytorch/blob/main/torch/csrc/jit/docs/serialization.md."""
    try:
        with opened(path) as stream, zipfile.ZipFile(stream) as archive:
            return any("/code/" in name for name in archive.namelist())
    except (OSError, zipfile.BadZipFile, NotImplementedError, ValueError):
        return False


def model_places(folder: Folder) -> tuple[str, ...]:
    """What `model-path` may be, the likeliest first: MLflow models, a folder `model`, files, folders of several files.

    Only the first is meant to be taken unasked, and only where `sure_place` says so.
    """
    mlflow = [_posix(file.parent) for file in folder.files if file.name == MODEL_FILE]
    if mlflow:
        return tuple(mlflow)
    files = [file for file in folder.files if kind_of(folder.path / file)]
    inside = [name for name in _FOLDERS[:1] if any(file.parts[0] == name for file in folder.files)]
    return tuple(dict.fromkeys([*inside, *map(str, files), *_shared(files)]))


def sure_place(places: Iterable[str], folder: Folder) -> str:
    """The place that is taken unasked; empty where there is none, or no telling which.

    Several files in one folder are one model, as far as anybody can see from here.
    """
    places = tuple(places)
    if len(places) <= 1 or places[0] == _FOLDERS[0]:
        return next(iter(places), "")
    files = [PurePosixPath(one) for one in places if (folder.path / one).is_file()]
    shared = {file.parent for file in files}
    return _posix(shared.pop()) if len(shared) == 1 and PurePosixPath() not in shared else ""


def model_files(folder: Folder, place: str) -> tuple[PurePosixPath, ...]:
    """The files of a place that are models by themselves, relative to the folder."""
    inside = (file for file in folder.files if str(file) == place or file.is_relative_to(PurePosixPath(place)))
    return tuple(file for file in inside if kind_of(folder.path / file))


def path_in_model(place: str, file: PurePosixPath) -> str:
    """A file's path below `AZUREML_MODEL_DIR`: a folder keeps its own name there."""
    return file.relative_to(PurePosixPath(place).parent).as_posix()


def _shared(files: Iterable[PurePosixPath]) -> list[str]:
    parents = [file.parent for file in files]
    return [_posix(parent) for parent in dict.fromkeys(parents) if parents.count(parent) > 1 and parent.parts]


def _posix(path: PurePosixPath) -> str:
    return path.as_posix()
