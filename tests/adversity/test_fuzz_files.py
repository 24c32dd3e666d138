"""Files of the user, fuzzed: whatever is in one, a run tells it in words, or takes it."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import pickle
import pickletools
import tempfile
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from functions_model.core.failures import Failure
from functions_model.core.yaml_nodes import NotYaml, compose, document_of
from functions_model.engine.own_dockerfile import read_own_dockerfile
from functions_model.environment.reading import read_environment
from functions_model.image.patterns import Excludes, pattern_fault
from functions_model.image.pointers import pointers_of
from functions_model.inputs.inputs_file import inputs_in
from functions_model.preflight.linking import needed
from functions_model.preflight.pickle_files import look_into
from support.elf import library
from support.fuzzing import documents, fuzzed, near, texts
from support.hostile_files import INPUTS, SCRIPT, looked_at, write_small_project
from support.inputs import WHOLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

CONDA = {
    "name": "env",
    "channels": ["conda-forge", "defaults"],
    "variables": {"LEVEL": "3"},
    "dependencies": [
        "python=3.11",
        "numpy>=1.26,<2",
        "pip",
        {"pip": ["six==1.17.0", "--extra-index-url https://a.test/"]},
    ],
}
MLMODEL = {
    "artifact_path": "model",
    "flavors": {
        "python_function": {
            "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
            "loader_module": "mlflow.sklearn",
            "model_path": "model.pkl",
            "python_version": "3.11.4",
            "code": "code",
            "artifacts": {"a": {"path": "artifacts/a", "uri": "file:///a"}},
        },
        "sklearn": {"sklearn_version": "1.5.0", "pickled_model": "model.pkl"},
    },
    "mlflow_version": "2.16.0",
    "signature": {"inputs": '[{"name": "x", "type": "double"}]', "outputs": None, "params": None},
    "utc_time_created": "2024-09-01 10:00:00.000000",
}
HOST = {
    "version": "2.0",
    "functionTimeout": "00:10:00",
    "extensionBundle": {"id": "Microsoft.Azure.Functions.ExtensionBundle", "version": "[4.*, 5.0.0)"},
    "extensions": {"http": {"routePrefix": "api", "maxConcurrentRequests": 4}, "serviceBus": {"prefetchCount": 1}},
    "logging": {"logLevel": {"default": "Information"}, "console": {"isEnabled": True}},
    "functions": ["score"],
}
LINES = (
    "six==1.17.0",
    "numpy>=1.26,<2 ; python_version < '3.13'",
    "-r other.txt",
    "-c other.txt",
    "--find-links wheels",
    "--index-url https://user:pass@a.test/simple",
    "--extra-index-url ${URL}",
    "--hash=sha256:" + "0" * 64,
    "pkg @ https://a.test/pkg-1-py3-none-any.whl",
    "wheels/a-1-py3-none-any.whl",
    "./wheels/a-1-py3-none-any.whl[extra] ; sys_platform == 'linux'",
    "-e .",
    "git+https://a.test/x.git#egg=x",
    "torch==2.3+cpu \\",
    "--trusted-host a.test:80",
    "# a comment",
    "name[extra1,extra2]!=1,~=2.0",
)


STATEMENTS = (
    *SCRIPT.splitlines(),
    "import os, a.b",
    "x = [",
    "if 1:",
    "match x:",
    "\tpass",
    "async def f(): await x",
    "import importlib; importlib.import_module('.a', __name__)",
    "open(os.path.join(os.environ['AZUREML_MODEL_DIR'], 'a'))",
)
MARKS = (
    "&a ",
    "*a",
    "!!int ",
    "!!binary ",
    "!!timestamp ",
    "!x ",
    "? ",
    "<<: ",
    "- ",
    "|",
    ">",
    "%",
    "@",
    "\t",
    "'",
    '"',
    "{",
)


def changed(lines: tuple[str, ...] | list[str]) -> st.SearchStrategy[str]:
    """Some of these lines, cut, joined, with other characters among them, or other lines."""
    cut = st.builds(
        lambda line, at, more: line[: at % (len(line) + 1)] + more, st.sampled_from(lines), st.integers(0, 99), texts()
    )
    return st.lists(st.one_of(st.sampled_from(lines), cut, texts()), max_size=6).map("\n".join)


def encoded(text: st.SearchStrategy[str]) -> st.SearchStrategy[bytes]:
    """A text in some encoding, cut off, or with bytes that are none."""
    names = st.sampled_from(["utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1", "utf-32"])
    whole = st.builds(
        lambda one, name: one.encode(name, "backslashreplace" if name == "latin-1" else "surrogatepass"), text, names
    )
    cut = st.builds(lambda body, at: body[: at % (len(body) + 1)] + b"\xff\0", whole, st.integers(0, 10_000))
    return st.one_of(whole, whole, whole, cut, st.binary(max_size=60))


def yaml_near(valid: Any) -> st.SearchStrategy[str]:
    """YAML near a valid document, as programs and people write it, with tags and aliases."""

    def written(document: Any, block: bool) -> str:
        try:
            return yaml.dump(document, default_flow_style=not block, sort_keys=False)
        except (yaml.YAMLError, UnicodeError):
            return json.dumps(document)

    marks = st.sampled_from(MARKS)
    plain = st.builds(written, near(valid), st.booleans())
    strange = st.builds(
        lambda text, mark, at: text[: at % (len(text) + 1)] + mark + text[at % (len(text) + 1) :],
        plain,
        marks,
        st.integers(0, 2000),
    )
    return st.one_of(plain, plain, strange, documents().map(lambda one: written(one, False)))


def in_folder(files: Mapping[str, bytes | str], look: Callable[[Path], object]) -> None:
    """Write files into a folder of their own and look there; a failure in words is an end, too."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content.encode() if isinstance(content, str) else content)
        with suppress(Failure):
            look(folder)


INPUTS_FILE = {"app-name": "a", "location": "westeurope", "model-path": ["a=b", "c"], "trigger": "http"}


DOCKERFILE = [
    "# syntax=docker/dockerfile:1",
    "ARG BASE=mcr.microsoft.com/azure-functions/python:4-python3.11",
    "FROM ${BASE:-x} AS one",
    "RUN <<EOF",
    "echo a \\",
    "EOF",
    'COPY --from=one ["a b", "/b"]',
    'ENV A=1 B="2 3"',
    'LABEL a="b\\',
    "# c",
    'd"',
]


class TestTexts:
    @fuzzed(60)
    @given(encoded(yaml_near(INPUTS_FILE)))
    def test_inputs_files(self, content: bytes) -> None:
        """Each fault has its file; what is found are texts that can be shown."""

        def look(folder: Path) -> None:
            found, problems = inputs_in(folder / "in.yml")
            for text in [*(text for text, _ in found.values()), *map(str, problems)]:
                text.encode()

        in_folder({"in.yml": content}, look)

    @fuzzed(60)
    @given(encoded(yaml_near(CONDA)))
    def test_conda_files(self, content: bytes) -> None:
        """Read, or refused with lines."""
        in_folder({"env.yml": content}, lambda folder: read_environment(folder / "env.yml", root=folder, environ={}))

    @fuzzed(80)
    @given(encoded(changed(LINES)))
    @example(b"a @ https://[x/a.whl")
    def test_requirements(self, content: bytes) -> None:
        """Read, or refused with lines."""
        files: dict[str, bytes | str] = {"r.txt": content, "other.txt": "x", "wheels/a-1-py3-none-any.whl": "w"}
        in_folder(files, lambda folder: read_environment(folder / "r.txt", root=folder, environ={}))

    @fuzzed(60)
    @given(st.one_of(st.text("*?ab[](\\!/#-^ ", max_size=20), texts()), st.text("ab[(/-", min_size=1, max_size=12))
    def test_ignore_files(self, line: str, path: str) -> None:
        """A line that has no fault can be followed."""
        for one in line.splitlines():
            if pattern_fault(one) is None:
                Excludes([one]).leaves_out(path.strip("/") or "a")
                Excludes([one]).prunes(path.strip("/") or "a")

    @fuzzed(40)
    @given(encoded(changed(DOCKERFILE)), st.text("*?ab[](\\!/#-^ .{}|+$\n", max_size=30))
    def test_dockerfiles(self, content: bytes, ignored: str) -> None:
        """With the ignore file beside it."""
        files: dict[str, bytes | str] = {"Dockerfile": content, ".dockerignore": ignored, "a/b": "x", "[a-b]": "x"}
        in_folder(files, lambda folder: read_own_dockerfile(folder / "Dockerfile"))

    @fuzzed(40)
    @given(yaml_near({"outs": [{"path": "a", "md5": "x"}], "wdir": "..", "stages": {"a@1": {"outs": [{"path": "b"}]}}}))
    def test_files_of_dvc(self, text: str) -> None:
        """What they say is known, or nothing is."""
        content = text.encode("utf-8", "surrogatepass")
        in_folder({"a.dvc": content}, lambda folder: pointers_of(folder / "a.dvc", len(content)))

    @fuzzed(60)
    @given(st.one_of(yaml_near(MLMODEL), yaml_near(CONDA)))
    def test_yaml(self, text: str) -> None:
        """A document, or one fault with its line."""
        with suppress(NotYaml):
            document_of(compose(text))


class TestProjects:
    """Whole looks at a project, as before a run asks the network for anything."""

    @fuzzed(40)
    @given(encoded(yaml_near(MLMODEL)), st.one_of(st.none(), encoded(yaml_near(CONDA))))
    def test_mlflow_models(self, content: bytes, conda: bytes | None) -> None:
        """A folder with an `MLmodel`, and its environment file."""
        self._looked_at(
            {"mlflow/MLmodel": content, **({"mlflow/conda.yaml": conda} if conda else {})},
            {"entry-script": "", "model-path": "mlflow"},
        )

    @fuzzed(40)
    @given(
        encoded(
            st.one_of(
                near(HOST).map(json.dumps),
                documents().map(json.dumps),
                changed(json.dumps(HOST, indent=1).splitlines()),
            )
        )
    )
    def test_host_json(self, content: bytes) -> None:
        """The user's own `host.json`."""
        self._looked_at({"src/host.json": content})

    @fuzzed(40)
    @given(encoded(st.one_of(yaml_near(yaml.safe_load(WHOLE)), changed(WHOLE.splitlines()))))
    def test_deployment_files(self, content: bytes) -> None:
        """The YAML of an online deployment."""
        self._looked_at(
            {"e/b/deployment.yml": content},
            {"deployment-file": "e/b/deployment.yml", "model-path": "", "entry-script": ""},
        )

    @fuzzed(40)
    @given(encoded(changed(STATEMENTS)))
    def test_scripts(self, content: bytes) -> None:
        """The entry script."""
        self._looked_at({"src/score.py": content})

    def _looked_at(self, files: dict[str, bytes], more: dict[str, str] | None = None) -> None:
        with tempfile.TemporaryDirectory() as name:
            workspace = Path(name) / "workspace"
            write_small_project(workspace)
            for path, content in files.items():
                (workspace / path).parent.mkdir(parents=True, exist_ok=True)
                (workspace / path).write_bytes(content)
            for words in looked_at(workspace, {**INPUTS, **(more or {})}):
                assert "Traceback" not in words


class _State:
    def __reduce__(self) -> tuple[Any, ...]:
        return (_State, (), {"_sklearn_version": "1.5.0", "shape": (2, 3)})


PICKLES = tuple(pickle.dumps([_State(), {"a": (1, 2.5, b"x", None)}, {1, 2}, "é"], protocol) for protocol in range(6))
OPCODES = tuple(one.code.encode("latin-1") for one in pickletools.opcodes)
WRAPPINGS: tuple[Callable[[bytes], bytes], ...] = (
    lambda body: body,
    lambda body: body,
    gzip.compress,
    bz2.compress,
    lzma.compress,
    zlib.compress,
    lambda body: b"ZF" + f"{hex(len(body)):<18}".encode() + zlib.compress(body),
)


def spoiled(whole: bytes) -> st.SearchStrategy[bytes]:
    """These bytes with some others in their place, fewer, or more."""

    def change(places: list[tuple[int, bytes]], end: int) -> bytes:
        body = bytearray(whole)
        for at, piece in places:
            body[at % len(body) : at % len(body) + len(piece)] = piece
        return bytes(body[: max(1, len(body) - end % len(body))]) if end % 3 == 0 else bytes(body)

    pieces = st.one_of(
        st.sampled_from(OPCODES), st.binary(min_size=1, max_size=8), st.sampled_from([b"\xff" * 8, b"\0" * 8])
    )
    return st.builds(change, st.lists(st.tuples(st.integers(0, 1 << 16), pieces), max_size=6), st.integers(0, 1 << 16))


def zipped(names: list[tuple[str, bytes]]) -> bytes:
    """A ZIP file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in names:
            archive.writestr(name, content)
    return stream.getvalue()


SKOPS = {"__class__": "SVC", "__module__": "sklearn.svm", "content": {"_sklearn_version": {"content": '"1.5.0"'}}}


class TestBinaries:
    @fuzzed(80)
    @given(st.sampled_from(PICKLES).flatmap(spoiled), st.sampled_from(WRAPPINGS))
    def test_pickles(self, body: bytes, wrap: Callable[[bytes], bytes]) -> None:
        """Followed as far as they go."""
        in_folder({"m.pkl": wrap(body)}, lambda folder: look_into(folder / "m.pkl"))

    @fuzzed(40)
    @given(st.lists(st.sampled_from(OPCODES), max_size=40).map(b"".join))
    def test_opcodes(self, body: bytes) -> None:
        """Any order of opcodes."""
        in_folder({"m.pkl": b"\x80\x04" + body}, lambda folder: look_into(folder / "m.pkl"))

    @fuzzed(40)
    @given(
        st.one_of(
            spoiled(zipped([("a/data.pkl", PICKLES[2])])),
            near(SKOPS).map(lambda one: zipped([("schema.json", json.dumps(one).encode())])),
        )
    )
    def test_archives(self, body: bytes) -> None:
        """Files of PyTorch and of skops."""
        in_folder({"m.pt": body}, lambda folder: look_into(folder / "m.pt"))

    @fuzzed(80)
    @given(spoiled(library("libc.so.6", "libnot.so.1")))
    def test_libraries(self, body: bytes) -> None:
        """Shared libraries that a package brings."""
        needed(body)
