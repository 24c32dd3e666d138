"""Which wheel stands for which conda package: data, and how versions carry over.

A package is listed only when its wheel holds the same library and its versions are numbered the same way (or as the
entry's `versions` says). Names that are equal on both sides stand in `_SAME_NAME`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass


def _same(versions: str) -> str:
    return versions


def _calendar(versions: str) -> str:
    """Time zone data: `2024a` here is `2024.1` there."""
    return re.sub(r"(\d{4})([a-z])", lambda match: f"{match[1]}.{ord(match[2]) - ord('a') + 1}", versions)


def _with_build_number(versions: str) -> str:
    """OpenCV: `4.8.0` here is `4.8.0.74` or the like there."""
    return re.sub(r"==([0-9.]+)(?=,|$)", r"==\1.*", versions)


@dataclass(frozen=True, slots=True)
class Twin:
    """A wheel that stands for a conda package.

    Attributes:
        name: The wheel's name, normalised.
        versions: Turns a version expression (PEP 440) with conda's numbers into one with the wheel's.
    """

    name: str
    versions: Callable[[str], str] = _same


_SAME_NAME = """
    absl-py accelerate aiohttp alembic altair annotated-types anyio arrow asgiref attrs azure-core azure-identity
    azure-storage-blob babel beautifulsoup4 blinker bokeh boto3 botocore bottleneck cachetools catboost
    category-encoders certifi cffi charset-normalizer click cloudpickle colorama contourpy coverage cryptography
    cycler cython dask databricks-sdk datasets decorator deprecated dill distributed docopt-ng duckdb einops
    et-xmlfile evaluate faker fastapi fastparquet filelock flask flask-cors flatbuffers fonttools frozenlist
    fsspec future gensim google-auth graphviz grpcio gunicorn h11 h5py httpcore httpx huggingface-hub hydra-core
    idna imageio imbalanced-learn importlib-metadata importlib-resources inflection interpret-core itsdangerous
    jinja2 jmespath joblib jsonschema keras kiwisolver lazy-loader lightgbm lightning lightning-fabric
    llvmlite loguru lxml mako markdown markupsafe marshmallow mlflow mlflow-skinny mlxtend more-itertools
    mpmath msgpack multidict narwhals networkx nltk numba numexpr numpy omegaconf onnx onnxruntime openpyxl
    opentelemetry-api opentelemetry-sdk optuna orjson packaging pandas pandera patsy peft pillow platformdirs
    plotly polars pooch prophet protobuf psutil psycopg pyarrow pyasn1 pycparser pydantic pydantic-core
    pydantic-settings pygments pyjwt pymongo pymysql pyodbc pyparsing pyproj python-dateutil python-dotenv
    python-multipart pytorch-lightning pywavelets pyyaml pyzmq rapidfuzz referencing regex requests
    requests-oauthlib rich rpds-py s3transfer sacremoses safetensors scikit-image scikit-learn scikit-optimize
    scipy seaborn sentence-transformers sentencepiece setuptools shap shapely simplejson six skl2onnx skops sktime
    smart-open sniffio sortedcontainers soupsieve spacy sqlalchemy sqlparse starlette statsmodels structlog sympy
    tabulate tenacity tensorboard tensorflow termcolor threadpoolctl tifffile tiktoken timm tokenizers toolz
    torchaudio torchmetrics torchvision tornado tqdm transformers typer typing-extensions typing-inspection ujson
    umap-learn urllib3 uvicorn validators werkzeug wheel wrapt xarray xarray-einstats xgboost xlrd xlsxwriter
    xxhash yarl zipp zstandard
"""
_OTHER_NAME = """
    dask-core:dask fastapi-core:fastapi matplotlib:matplotlib matplotlib-base:matplotlib msgpack-python:msgpack
    opencv:opencv-python-headless psycopg2:psycopg2-binary py-opencv:opencv-python-headless py-xgboost:xgboost
    py-xgboost-cpu:xgboost pytables:tables python-duckdb:duckdb python-flatbuffers:flatbuffers
    python-graphviz:graphviz python-tzdata:tzdata python-xxhash:xxhash pytorch:torch pytorch-cpu:torch pytz:pytz
    redis-py:redis ruamel.yaml:ruamel-yaml seaborn-base:seaborn tensorflow-base:tensorflow
    tensorflow-cpu:tensorflow-cpu uvicorn-standard:uvicorn xgboost-cpu:xgboost
"""
"""Conda's name and the wheel's."""
_NUMBERED_OTHERWISE = {"opencv-python-headless": _with_build_number, "pytz": _calendar, "tzdata": _calendar}
"""How a wheel's versions differ from those of its conda package, by the wheel's name."""
_NAMES = {**{name: name for name in _SAME_NAME.split()}, **dict(pair.split(":") for pair in _OTHER_NAME.split())}

_OF_THE_INTERPRETER = """
    _libgcc_mutex _openmp_mutex bzip2 ca-certificates ld_impl_linux-64 libexpat libffi libgcc libgcc-ng libnsl libsqlite
    libstdcxx libstdcxx-ng libuuid libxcrypt libzlib ncurses openssl pip python_abi readline sqlite tk tzdata xz zlib
"""
"""The base image's Python brings what it needs of these itself."""
_INSIDE_WHEELS = """
    blas intel-openmp libblas libcblas libgfortran libgfortran-ng libgfortran5 libgomp liblapack libopenblas libxgboost
    llvm-openmp mkl mkl-service mkl_fft mkl_random nomkl numpy-base openblas tbb
"""
_FOR_GPUS = "cpuonly cudatoolkit cuda-toolkit cuda-version cudnn pytorch-cuda pytorch-mutex"
LEFT_OUT: dict[str, str] = {
    **dict.fromkeys(_OF_THE_INTERPRETER.split(), ""),
    **dict.fromkeys(_INSIDE_WHEELS.split(), "wheels bring their own copy"),
    **dict.fromkeys(_FOR_GPUS.split(), "Azure Functions has no GPUs"),
}
"""Conda packages that need no wheel, with the reason that the user is told; an empty one is not worth a word."""


def twin_of(name: str) -> Twin | None:
    """The wheel for a conda package, or None when there is none that we stand behind."""
    wheel = _NAMES.get(name) or _NAMES.get(name.replace("_", "-"))
    return Twin(wheel, _NUMBERED_OTHERWISE.get(wheel, _same)) if wheel else None
