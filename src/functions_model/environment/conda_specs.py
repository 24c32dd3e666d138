"""Conda's way to write a package and its version, and the wheel that stands for it.

https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html#package-match-specifications
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from functions_model.core.failures import RuleBroken

_SPEC = re.compile(
    r"(?:(?P<channel>[^\s:\[\]]+(?::[^\s:\[\]]+)?)::)?(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)\s*(?P<rest>.*)", re.DOTALL
)
_AROUND_OPERATORS = re.compile(r"\s*([<>=!~,|]+)\s*")
_KEY = re.compile(r"\s*(?P<key>[a-z_]+)\s*=\s*(?P<quote>['\"]?)(?P<value>.*?)(?P=quote)\s*(?:,(?=\s*[a-z_]+\s*=\s*)|$)")
_CLAUSE = re.compile(r"(?P<operator>==|!=|>=|<=|~=|>|<|=)?(?P<version>[A-Za-z0-9_.!+*]+)")


@dataclass(frozen=True, slots=True)
class CondaSpec:
    """A conda dependency.

    Attributes:
        name: In lower case.
        version: Conda's version expression without blanks (`1.7.*`, `>=1.2,<2`); empty allows all.
        channel: Empty when none is named.
        build: The build string, which wheels have no word for; empty when none is named.
    """

    name: str
    version: str = ""
    channel: str = ""
    build: str = ""


def parse_conda_spec(text: str) -> CondaSpec:
    """A dependency as an environment file writes it.

    Raises:
        RuleBroken: It is not one.
    """
    match = _SPEC.fullmatch(text.strip())
    if not match:
        raise _unreadable(text)
    rest = _AROUND_OPERATORS.sub(r"\1", match["rest"].strip())
    bracketed: dict[str, str] = {}
    if match["rest"].rstrip().endswith("]"):
        before, _, inside = match["rest"].strip().partition("[")
        bracketed = _bracket(inside.removesuffix("]"), text)
        rest = _AROUND_OPERATORS.sub(r"\1", before.strip())
    version, build = _version_and_build(rest, text)
    return CondaSpec(
        match["name"].lower(),
        _AROUND_OPERATORS.sub(r"\1", bracketed.get("version", version).strip()),
        bracketed.get("channel", match["channel"] or ""),
        bracketed.get("build", build),
    )


def _bracket(inside: str, text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    position = 0
    while position < len(inside):
        match = _KEY.match(inside, position)
        if not match or match["key"] not in {"version", "build", "channel", "subdir", "build_number"}:
            raise _unreadable(text)
        found[match["key"]] = match["value"]
        position = match.end()
    return found


def _version_and_build(rest: str, text: str) -> tuple[str, str]:
    """`=1.7` is 1.7.* while `=1.7=py_0`, `==1.7` and ` 1.7` are 1.7 itself."""
    words = rest.split()
    if len(words) > 2 or (words and words[0] in {"=", "=="}):
        raise _unreadable(text)
    version = words[0] if words else ""
    build = words[1] if len(words) == 2 else ""
    with_build = re.fullmatch(r"=?(=)([^=<>!~,|]+)=([^=]+)", version)
    if with_build and not build:
        version, build = "==" + with_build[2], with_build[3]
    elif build and re.match(r"=[^=]", version):
        version = "=" + version
    return version, build


def pep440(spec: CondaSpec) -> str:
    """The version expression for wheels: `=1.7` -> `==1.7.*`.

    Raises:
        RuleBroken: PEP 440 has no words for it.
    """
    if "|" in spec.version:
        what = f"`{spec.name}` allows one version or another (`{spec.version}`), which wheels' versions cannot say"
        raise RuleBroken(what, "Write a range such as `>=1.7,<1.9`.")
    clauses = [_clause(part, spec) for part in spec.version.split(",")] if spec.version else []
    return ",".join(clause for clause in clauses if clause)


def _clause(part: str, spec: CondaSpec) -> str:
    match = _CLAUSE.fullmatch(part)
    if not match:
        raise _unreadable(f"{spec.name} {spec.version}")
    operator, version = match["operator"] or "==", match["version"]
    if version == "*":
        return ""
    bare = re.sub(r"\.?\*$", "", version)
    _check_version(bare, spec)
    if operator == "=" or (operator == "==" and bare != version):
        return f"=={bare}.*"
    if operator == "!=" and bare != version:
        return f"!={bare}.*"
    return f"{operator}{bare}"


def _check_version(version: str, spec: CondaSpec) -> None:
    try:
        Version(version)
    except InvalidVersion as error:
        raise RuleBroken(
            f"`{version}` (of `{spec.name}`) is not a version that a wheel can have", "Correct it, or leave it out."
        ) from error


def _unreadable(text: str) -> RuleBroken:
    return RuleBroken(f"`{text}` is not a conda dependency", "Write it as `name`, `name=1.2` or `name>=1,<2`.")


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
"""Packages whose wheels are called the same. One is listed, here or below, only when its wheel holds the same library
and its versions are numbered the same way, or as `_NUMBERED_OTHERWISE` says."""
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
