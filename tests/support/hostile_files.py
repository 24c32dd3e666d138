"""Projects with files that nobody expects, looked at as a run looks at them before it asks the network for anything."""

from __future__ import annotations

import io
from collections import deque
from typing import TYPE_CHECKING

from functions_model.bundle import plan_layers, runtime_layer
from functions_model.ci.plain import PlainHost
from functions_model.core.failures import Failure
from functions_model.image.layers import build_layer
from functions_model.inputs.reading import read_inputs
from functions_model.pipeline.checks import check
from functions_model.pipeline.session import World
from functions_model.preflight.checks import of_everything, of_files
from functions_model.preflight.inventory import Inventory
from functions_model.preflight.project import project_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SCRIPT = "def init():\n    pass\n\n\ndef run(data):\n    return data\n"
MLFLOW = "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    data: model.pkl\n"
INPUTS = {
    "mode": "package",
    "model-path": "model",
    "entry-script": "src/score.py",
    "registry": "localhost:5000",
    "python-version": "3.11",
}


def write_small_project(folder: Path) -> None:
    """A model, a script, and one of each file that a run reads."""
    texts = {
        "model/model.pkl": "weights",
        "src/score.py": SCRIPT,
        "requirements.txt": "six==1.17.0\n",
        "conda.yml": "dependencies:\n- python=3.11\n- pip:\n  - six==1.17.0\n",
        "mlflow/MLmodel": MLFLOW,
        "mlflow/model.pkl": "weights",
    }
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)


def looked_at(workspace: Path, values: Mapping[str, str], *, pack: bool = False) -> list[str]:
    """What a run tells of a project, each as `subject line: what. remedy`; nothing when it would go on.

    Args:
        workspace: Has the project.
        values: The inputs.
        pack: Whether the files are packed, too.
    """
    work = workspace.parent / "work"
    work.mkdir(exist_ok=True)
    world = World(PlainHost(io.StringIO()), work, lambda _: None)
    try:
        spec = read_inputs(dict(values), workspace=workspace)
        check(spec, world)
        bundle = plan_layers(spec)
        layers = (runtime_layer(spec, ""), *bundle.layers)
        project = project_of(spec, bundle, "3.11", None)
        deque((*of_files(project), *of_everything(project, Inventory())), maxlen=0)
        for layer in layers if pack else ():
            build_layer(layer, work)
    except Failure as failure:
        return [
            f"{problem.subject} {(problem.location and problem.location.line) or '-'}: {problem.what}. {problem.remedy}"
            for problem in failure.problems
        ]
    return []
