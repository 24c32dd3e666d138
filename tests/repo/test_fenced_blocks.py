"""Each block of code in the pages is right: a check takes it, a test runs it, or a list says why not."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from azureml_inference_server_http.api import aml_request, aml_response

from functions_model.core.failures import InputsInvalid
from functions_model.core.secrets import Secret
from functions_model.engine.own_dockerfile import read_dockerfile
from functions_model.environment import read_environment
from functions_model.inputs.reading import read_any
from support.documented_inputs import all_inputs, inputs_of, whole, write_files
from support.fenced import LEDGER, PAGES, SHELLS, Block, blocks, ledger, run_here
from support.inputs import WHOLE
from support.tools import ROOT
from support.workflow_blocks import documented_workflows

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCKS = blocks()
WORKFLOWS = documented_workflows(ROOT)
_OF_A_PIPELINE = {"pool", "resources", "stages", "steps", "trigger", "variables"}


def _is_workflow(block: Block) -> bool:
    """`test_zizmor.py` and actionlint, in `test_owner.py`, look at it."""
    return f"{block.page.replace('/', '--')}-{block.line}" in WORKFLOWS


def _is_pipeline(block: Block) -> bool:
    read = _yaml(block)
    of_a_pipeline = isinstance(read, dict) and set(read) <= _OF_A_PIPELINE
    return of_a_pipeline and not _is_workflow(block) and not inputs_of(block)


def _is_environment(block: Block) -> bool:
    return block.first.startswith(("channels:", "--extra-index-url "))


def _yaml(block: Block) -> Any:
    return yaml.safe_load(block.text) if block.language == "yaml" else None


CHECKS: dict[str, Callable[[Block], bool]] = {
    # `test_metrics_queries.py` looks at it.
    "query": lambda block: block.language == "kusto",
    "workflow": _is_workflow,
    "inputs": lambda block: block.language == "yaml" and bool(inputs_of(block)),
    "pipeline": _is_pipeline,
    "deployment file": lambda block: block.language == "yaml" and "data_collector" in (_yaml(block) or {}),
    "environment file": _is_environment,
    "Dockerfile": lambda block: block.language == "dockerfile",
    "JSON": lambda block: block.language == "json",
    "entry script": lambda block: block.language == "python" and "def run(" in block.text,
    "diagram": lambda block: block.language == "mermaid",  # `test_site.py` draws each
    "commands": lambda block: block in run_here(BLOCKS),
}


def _taken(block: Block) -> list[str]:
    return [name for name, takes in CHECKS.items() if takes(block)]


def _of(check: str) -> list[Block]:
    return [block for block in BLOCKS if CHECKS[check](block)]


class TestEachBlock:
    """None is forgotten."""

    def test_is_checked_or_in_the_list(self) -> None:
        """A new block is run, checked or excused."""
        excused = {(entry.page, entry.first) for entry in ledger()}

        assert [] == [str(block) for block in BLOCKS if block.key not in excused and not _taken(block)]

    def test_is_not_both(self) -> None:
        """The list has no entry for a block that is checked, for one that is gone, or twice."""
        open_blocks = {block.key for block in BLOCKS if not set(_taken(block)) - {"commands"}}
        entries = [(entry.page, entry.first) for entry in ledger()]

        assert [] == [entry for entry in entries if entry not in open_blocks]
        assert [] == [entry for entry, times in Counter(entries).items() if times > 1]

    def test_has_a_reason_or_a_test(self) -> None:
        """An entry says why no test runs the block, or which one does; that test exists."""
        assert [] == [entry for entry in ledger() if bool(entry.why) == bool(entry.test)]
        assert [] == [entry for entry in ledger() if entry.test and not (ROOT / entry.test).is_file()]

    def test_can_be_told_apart(self) -> None:
        """The list names a block by its page and first line: those that it names have different ones."""
        times = Counter(block.key for block in BLOCKS)

        assert [] == [entry for entry in ledger() if times[(entry.page, entry.first)] != 1]

    def test_of_the_decisions(self) -> None:
        """They are read with the other pages, and have none so far: what they say holds on their day."""
        assert any("decisions" in page.parts for page in PAGES)
        assert [] == [str(block) for block in BLOCKS if "/decisions/" in block.page]

    def test_of_a_new_page_is_found(self, tmp_path: Path) -> None:
        """With fences, indented, and in a list."""
        page = tmp_path / "new.md"
        page.write_text("# A\n\n```sh\nls\n```\n\n- b\n\n  ```yaml\n  a: 1\n  ```\n\nc\n\n    d e\n")

        assert [("sh", "ls", 4), ("yaml", "a: 1", 10), ("", "d e", 15)] == [
            (one.language, one.first, one.line) for one in blocks([page])
        ]


class TestInputs:
    """Steps of workflows, parts of them, and inputs files."""

    @pytest.mark.parametrize(("block", "given"), list(all_inputs(BLOCKS)), ids=str)
    def test_are_read_by_the_product(self, tmp_path: Path, block: Block, given: dict[str, str]) -> None:
        """With names for what the reader fills in, and the files that they name."""
        values = whole(given)
        write_files(tmp_path, values)

        assert [] == _problems(values, tmp_path), block

    def test_would_find_a_mistake(self, tmp_path: Path) -> None:
        """In a value, and in two that do not go together."""
        values = whole({"trigger": "hppt", "slot-name": "staging", "keep-images": "none"})
        write_files(tmp_path, values)

        assert {"trigger", "keep-images"} <= {problem.partition(":")[0] for problem in _problems(values, tmp_path)}

    def test_would_find_an_unknown_one(self) -> None:
        """As the action does."""
        with pytest.raises(AssertionError, match="trigggr"):
            whole({"trigggr": "http"})

    def test_of_a_deployment_file(self, tmp_path: Path) -> None:
        """A part of one is read within a whole one."""
        [block] = _of("deployment file")
        (tmp_path / "blue.yml").write_text(WHOLE.replace("../../", "") + block.text)
        values = {**whole({"deployment-file": "blue.yml"})}
        write_files(tmp_path, {name: text for name, text in values.items() if name != "deployment-file"})

        assert [] == _problems(values, tmp_path)


def _problems(values: dict[str, str], workspace: Path) -> list[str]:
    try:
        read_any(values, workspace=workspace)
    except InputsInvalid as failure:
        return [f"{problem.subject}: {problem.what}. {problem.remedy}" for problem in failure.problems]
    return []


class TestPipelines:
    """YAML for Azure Pipelines."""

    def test_fits_the_schema(self, tmp_path: Path) -> None:
        """Whole pipelines, and parts of one in a pipeline with a step."""
        found = _of("pipeline")
        for number, block in enumerate(found):
            read = {} if {"stages", "steps"} & _yaml(block).keys() else {"steps": [{"script": "ls"}]}
            whole_one = _without_our_task(read | _yaml(block))
            (tmp_path / f"{number}.yml").write_text(yaml.safe_dump(whole_one, sort_keys=False))

        assert len(found) > 6
        assert "" == _refused(sorted(tmp_path.iterdir()))

    def test_would_be_refused(self, tmp_path: Path) -> None:
        """A word that the service does not know."""
        (tmp_path / "wrong.yml").write_text("steps: [{script: ls, contineOnError: true}]\n")

        assert "" != _refused([tmp_path / "wrong.yml"])


def _without_our_task(read: Any) -> Any:
    """The schema has Microsoft's tasks alone; `tests/unit/pipelines/test_task.py` reads the steps with ours."""
    if isinstance(read, dict):
        ours = str(read.get("task", "")).startswith("FunctionsModelDeploy@")
        return {"script": "ls"} if ours else {name: _without_our_task(one) for name, one in read.items()}
    return [_without_our_task(one) for one in read] if isinstance(read, list) else read


def _refused(files: list[Path]) -> str:
    checks = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.azure-pipelines"]
    options = ["--data-transform", "azure-pipelines", "--regex-variant", "python"]
    done = subprocess.run([*checks, *options, *files], capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr if done.returncode else ""


class TestTexts:
    """JSON, and code that runs without Azure."""

    @pytest.mark.parametrize("block", _of("JSON"), ids=str)
    def test_json_is_json(self, block: Block) -> None:
        """It can be parsed."""
        assert json.loads(block.text)

    @pytest.mark.parametrize("block", [one for one in BLOCKS if one.language == "python"], ids=str)
    def test_python_is_python(self, block: Block) -> None:
        """It can be compiled."""
        assert ast.parse(block.text).body

    @pytest.mark.parametrize("block", [one for one in BLOCKS if one.language in SHELLS], ids=str)
    def test_a_shell_reads_it(self, block: Block) -> None:
        """With a name for each place that the reader fills in."""
        text = block.text.replace("<<", "\0").replace("<", "{").replace(">", "}").replace("\0", "<<")
        done = subprocess.run(["bash", "-n"], input=text, capture_output=True, text=True, check=False)

        assert (0, "") == (done.returncode, done.stderr)


class TestFilesOfTheUser:
    """What the product reads besides inputs."""

    @pytest.mark.parametrize("block", _of("environment file"), ids=str)
    def test_of_an_environment(self, tmp_path: Path, block: Block) -> None:
        """With the variables that it names; the token is a secret."""
        path = tmp_path / ("conda.yml" if block.language == "yaml" else "requirements.txt")
        path.write_text(f"{block.text}\n{'dependencies: [python=3.12]' if block.language == 'yaml' else 'six'}\n")
        tokens = {"INDEX_TOKEN": "hunter2-of-pip", "CONDA_TOKEN": "hunter2-of-conda"}
        request = read_environment(path, root=tmp_path, environ=tokens)

        assert [] == [token for token in tokens.values() if token in repr(request)]
        asked = [*request.indexes.extra, *(one.location for one in (request.conda.channels if request.conda else ()))]
        assert [True] == ["hunter2" in url.reveal() for url in asked if isinstance(url, Secret)]

    @pytest.mark.parametrize("block", _of("Dockerfile"), ids=str)
    def test_of_a_dockerfile(self, tmp_path: Path, block: Block) -> None:
        """It begins with a Functions base image, in an order that the engine takes."""
        (tmp_path / "Dockerfile").write_text(block.text)

        assert "mcr.microsoft.com/azure-functions/python:4-python3.12" in str(read_dockerfile(tmp_path / "Dockerfile"))


class TestEntryScripts:
    """Scripts that people copy."""

    def test_of_the_readme(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It loads the model that `model-path: model/` gives, and answers in what JSON has."""
        [block] = [one for one in _of("entry script") if one.page == "README.md"]
        opened: list[str] = []
        answer = SimpleNamespace(tolist=lambda: ["setosa"])
        model = SimpleNamespace(predict=lambda data: answer if data == [[5.1]] else None)
        joblib = ModuleType("joblib")
        joblib.load = lambda path: opened.append(path) or model  # type: ignore[attr-defined,func-returns-value]
        monkeypatch.setitem(sys.modules, "joblib", joblib)
        monkeypatch.setenv("AZUREML_MODEL_DIR", "/var/azureml-app/azureml-models")
        names: dict[str, Any] = {}
        exec(block.text, names)  # noqa: S102 - as Azure ML's server runs it
        names["init"]()

        assert ["setosa"] == names["run"]('{"data": [[5.1]]}')
        assert ["/var/azureml-app/azureml-models/model/model.joblib"] == opened

    def test_of_bytes(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """It gets the request, and its response keeps bytes and type."""
        for name in ("azureml", "azureml.contrib", "azureml.contrib.services"):
            monkeypatch.setitem(sys.modules, name, ModuleType(name))
        # The names under which Azure ML's server has its own modules for scripts.
        monkeypatch.setitem(sys.modules, "azureml.contrib.services.aml_request", aml_request)
        monkeypatch.setitem(sys.modules, "azureml.contrib.services.aml_response", aml_response)
        [block] = [one for one in _of("entry script") if one.page.endswith("triggers.md")]
        names: dict[str, Any] = {"process": bytes.upper}
        exec(block.text, names)  # noqa: S102 - as Azure ML's server runs it
        response = names["run"](SimpleNamespace(get_data=lambda _: b"picture"))

        assert (b"PICTURE", 200, "image/png") == (response.get_data(), response.status_code, response.mimetype)


def test_people_are_told_of_the_list() -> None:
    """Where CONTRIBUTING says."""
    assert LEDGER.relative_to(ROOT).as_posix() in (ROOT / "CONTRIBUTING.md").read_text()
