"""The payload's files as a whole: what they may use and what they may be called."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

import functions_model

PAYLOAD = Path(functions_model.__file__).parent / "payload"
FILES = sorted(PAYLOAD.glob("*.py"))
IN_THE_IMAGE = {"azure", "azureml_inference_server_http", "flask", "flask_cors", "opentelemetry", "werkzeug"}
NEWER_THAN_3_10 = {"tomllib", "wsgiref.types", "datetime.UTC", "enum.StrEnum", "http.HTTPMethod", "typing.Self"}


def imported(tree: ast.Module) -> set[str]:
    """The absolute modules, and the names in them, that are imported when the code runs, not only for type checkers."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    found = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level]
    return names.union(*({node.module or "", *(f"{node.module}.{one.name}" for one in node.names)} for node in found))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
class TestPayloadFiles:
    """Every Python file of the payload."""

    def test_oldest_python_reads_it(self, file: Path) -> None:
        """The syntax is Python 3.10's, the oldest that the base images have."""
        assert ast.parse(file.read_text(), feature_version=(3, 10))

    def test_only_what_the_image_holds_is_imported(self, file: Path) -> None:
        """Python 3.10's standard library, the worker's library and the inference server; nothing of the product."""
        names = imported(ast.parse(file.read_text()))

        assert set() == {name.partition(".")[0] for name in names} - set(sys.stdlib_module_names) - IN_THE_IMAGE
        assert not names & NEWER_THAN_3_10
