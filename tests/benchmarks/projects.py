"""What both sides package: the same model, script and requirements, laid out as each side wants them."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from functions_model.bundle.layout import SITE_PACKAGES
from support.tools import ROOT

if TYPE_CHECKING:
    from pathlib import Path

REQUIREMENTS = """\
scikit-learn==1.9.1
numpy>=2
joblib
azureml-inference-server-http>=1.5,<2
inference-schema>=1.8,<2
"""
"""An ordinary scoring environment: that of examples/iris-http."""

_DOCKERFILE = """\
FROM {base}
COPY requirements.txt /app/requirements.txt
RUN python3 -m pip install --no-cache-dir --break-system-packages -r /app/requirements.txt
COPY model /app/model
COPY score.py /app/score.py
"""
"""As a careful user writes it: what changes seldom comes first, the code last."""

_MLFLOW_DOCKERFILE = """\
FROM {base}
RUN python3 -m pip install --no-cache-dir --break-system-packages mlflow=={version}
COPY model /opt/ml/model
RUN python3 -m pip install --no-cache-dir --break-system-packages -r /opt/ml/model/requirements.txt
"""
"""The installing steps of the Dockerfile that `mlflow models build-docker` generates, on our base: MLflow of the
version that logged the model, then what the model asks for. Its web server and scripts come after, and are left out."""

_PIP_STAGE = """\
FROM {python} AS packages
COPY {lock} /requirements.lock
RUN python3 -m pip install --no-cache-dir --target /packages --requirement /requirements.lock

"""
"""What a careful user does without this action: the same packages, of which pip makes byte code."""

_SERVER_DOCKERFILE = """\
FROM {base}
COPY requirements.txt /app/requirements.txt
RUN python3 -m pip install --no-cache-dir --break-system-packages -r /app/requirements.txt
COPY model /var/azureml-app/model/model
COPY score.py /var/azureml-app/score.py
ENV AZUREML_MODEL_DIR=/var/azureml-app/model
WORKDIR /var/azureml-app
CMD ["azmlinfsrv", "--entry_script", "score.py", "--port", "80"]
"""
"""Azure ML's own server, installed by pip."""

_MLFLOW_SERVER = """\
ENTRYPOINT ["python3", "-c", "import os; from mlflow.pyfunc.scoring_server import get_cmd; \
command, environ = get_cmd('/opt/ml/model', host='0.0.0.0', port=8080, nworkers=1); \
os.execvpe('/bin/sh', ['sh', '-c', 'exec ' + command], environ)"]
"""
"""What the image of `mlflow models build-docker` starts, without the nginx before it and with one worker: it would only
take longer."""

_SCRIPT = """\
import json


def init():
    pass


def run(raw_data):
    return {"got": json.loads(raw_data)}
"""
_BLOCK = 4 << 20


@dataclass(frozen=True, slots=True)
class Project:
    """One workspace that serves both sides.

    Attributes:
        folder: Holds `model/`, `score.py`, `requirements.txt` and a Dockerfile.
    """

    folder: Path

    @property
    def model(self) -> Path:
        """The large file."""
        return self.folder / "model" / "weights.bin"

    def inputs(self, host: str, base: str, image: str) -> dict[str, str]:
        """What our side is told."""
        return {
            "model-path": "model",
            "entry-script": "src/score.py",
            "environment-file": "requirements.txt",
            "registry": host,
            "base-image": base,
            "image-name": image,
            "image-tag": "latest",
        }

    def change_script(self, number: int) -> None:
        """Change one line."""
        (self.folder / "src" / "score.py").write_text(_SCRIPT.replace('"got"', f'"got {number}"'))


def write_project(folder: Path, base: str) -> Project:
    """A workspace without a model yet."""
    (folder / "model").mkdir(parents=True)
    (folder / "src").mkdir()
    (folder / "requirements.txt").write_text(REQUIREMENTS)
    (folder / "src" / "score.py").write_text(_SCRIPT)
    (folder / "score.py").write_text(_SCRIPT)
    (folder / "Dockerfile").write_text(_DOCKERFILE.format(base=base))
    (folder / ".dockerignore").write_text("*\n!requirements.txt\n!model\n!score.py\n")
    return Project(folder)


def write_noise(path: Path, size: int, number: int) -> None:
    """Write a file that nothing can compress, another one for each number: a model that was trained again.

    It stays in the page cache, as it does after a training or a download.
    """
    key = number.to_bytes(16, "big")
    encrypt = Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor()
    with path.open("wb") as file:
        for left in range(size, 0, -_BLOCK):
            file.write(encrypt.update(bytes(min(left, _BLOCK))))


def write_sparse(path: Path, size: int) -> None:
    """A file of that size that takes no room."""
    with path.open("wb") as file:
        file.truncate(size)


def write_small_files(folder: Path, number: int, size: int) -> None:
    """A folder of many small files, a hundred to a subfolder."""
    for group in range(0, number, 100):
        inner = folder / f"part-{group // 100:04}"
        inner.mkdir(parents=True)
        for place in range(group, min(group + 100, number)):
            (inner / f"{place:06}.bin").write_bytes(place.to_bytes(8, "big") * (size // 8))


def copy_example(name: str, folder: Path) -> Path:
    """One of the examples, as a workspace."""
    return shutil.copytree(ROOT / "examples" / name, folder)


def write_mlflow_dockerfile(folder: Path, base: str) -> None:
    """A build context for the example's MLflow model, as MLflow itself would install it."""
    model = copy_example("mlflow-iris/model", folder / "model")
    version = re.search(r"^mlflow_version: (\S+)$", (model / "MLmodel").read_text(), re.MULTILINE)
    assert version, "the example's MLmodel names no version of MLflow"
    (folder / "Dockerfile").write_text(_MLFLOW_DOCKERFILE.format(base=base, version=version[1]))


def write_pip_context(context: Path, python: str) -> None:
    """Turn a build context of ours into what a user would write: pip installs the packages, all else is the same.

    Args:
        context: What `builder: dockerfile` wrote.
        python: The image that pip is in, with the base's Python.
    """
    dockerfile = context / "Dockerfile"
    lines = dockerfile.read_text().splitlines()
    ours = [line for line in lines if re.match(r"COPY \S*/(dependencies|byte-code)", line)]
    lock = next(context.rglob("requirements.lock")).relative_to(context)
    assert ours, dockerfile.read_text()
    at = lines.index(ours[0])
    lines[at] = f"COPY --from=packages /packages/ /{SITE_PACKAGES}/"
    text = "\n".join(line for line in lines if line not in ours)
    dockerfile.write_text(_PIP_STAGE.format(python=python, lock=lock) + text + "\n")


def write_server_context(folder: Path, base: str) -> None:
    """A build context of `examples/iris-http` for Azure ML's own server."""
    copy_example("iris-http", folder)
    (folder / "requirements.txt").write_text(REQUIREMENTS)
    (folder / "Dockerfile").write_text(_SERVER_DOCKERFILE.format(base=base))


def write_mlflow_server(folder: Path, base: str) -> None:
    """The same context as for the size, with the start of MLflow's server."""
    write_mlflow_dockerfile(folder, base)
    with (folder / "Dockerfile").open("a") as dockerfile:
        dockerfile.write(_MLFLOW_SERVER)
