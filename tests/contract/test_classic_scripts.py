"""Scripts of Azure ML's first SDK and of its deployment files score as they do there, unchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support.function_app import FunctionApp, function_app

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://contoso.azurewebsites.net/api/score"
JSON = {"Content-Type": "application/json"}
IMPORTS = """\
import json
from helper import scaled

def init():
    pass

def run(data):
    return [scaled(value) for value in json.loads(data)["data"]]
"""


def started(folder: Path, files: dict[str, str], **spec: Any) -> FunctionApp:
    """An app of these files, in a process of its own."""
    return function_app(folder, files, **spec)


class TestImportRoots:
    """Folders that PYTHONPATH names."""

    @pytest.mark.parametrize(("root", "helper"), [("lib", "src/lib/helper.py"), ("..", "")])
    def test_imports_are_found_there(self, root: str, helper: str, tmp_path: Path) -> None:
        """A module in a folder of the code; one beside the code's folder is a package under the folder's own name."""
        script = IMPORTS if helper else IMPORTS.replace("from helper", "from src.lib.helper")
        files = {"src/score.py": script, "src/lib/helper.py": "def scaled(value):\n    return value * 3\n"}

        with started(tmp_path, files, import_roots=(root,)) as app:
            answer = app.call("score", URL, b'{"data": [1, 2]}', headers=JSON)

        assert (200, [3, 6]) == (answer.status, answer.json)
