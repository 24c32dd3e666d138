"""Inputs read, checked and completed into a `DeploymentSpec`.

Three steps: where values come from (`sources`, `command_line`, and `deployment_file` for what is not given), what is
wrong with them (`reading` in its order; `files`, `triggers`, `target` and `assets` for the parts; the rules in
`rules`, `registries`, `paths` and `settings`), and what follows from them (`placing`). All of them note what they find
in one `form`. `catalogue` is the one list of inputs that they, and every document, read.
"""

from functions_model.inputs.command_line import from_arguments
from functions_model.inputs.files import read_sample
from functions_model.inputs.paths import Workspace
from functions_model.inputs.reading import REPORT, read_any, read_live_target, report_folder
from functions_model.inputs.sources import compilers, from_environment, listening_seconds, misspelt

__all__ = [
    "REPORT",
    "Workspace",
    "compilers",
    "from_arguments",
    "from_environment",
    "listening_seconds",
    "misspelt",
    "read_any",
    "read_live_target",
    "read_sample",
    "report_folder",
]
