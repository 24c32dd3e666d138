"""The mistakes that only a live app shows, and what is not told as yet: that fails strictly."""

from __future__ import annotations

from time import sleep
from typing import TYPE_CHECKING

import pytest

from support.console import tried
from support.deployment import run_action
from support.mistakes import NOTHING, SCRIPT, Change, Mistake, plan, script
from support.project import ECHO_SCRIPT, write_echo_project

if TYPE_CHECKING:
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run

pytestmark = pytest.mark.exhaustive

_UNLOOKED = {"preflight": "none"}
"""What preflight finds is known before: this is what the live app says of it."""
_OPENS_A_WRONG_FILE = ECHO_SCRIPT.replace('"weights.txt"', '"weights.bin"')
_NOT_JSON = ECHO_SCRIPT.replace('return {"model"', 'return {"set": {1}, "model"')
_WARNS = ECHO_SCRIPT.replace(
    "    print(", "    import warnings\n    warnings.warn('made with version 1.8.0')\n    print("
)
_NEEDS_A_LIBRARY = ECHO_SCRIPT.replace(
    "    global model\n",
    "    raise OSError('libgomp.so.1: cannot open shared object file: No such file or directory')\n",
)
ONLY_LIVE = [
    Mistake(
        "sample-that-does-not-fit",
        script(ECHO_SCRIPT.replace("json.loads(raw_data)}", 'json.loads(raw_data)["data"]}')),
        (("failed with `sample.json`: KeyError: 'data'", "Correct the entry script or the sample request"),),
        out=Change(
            files={
                SCRIPT: ECHO_SCRIPT.replace("loads(raw_data)}", 'loads(raw_data)["data"]}'),
                "sample.json": '{"data": 1}',
            }
        ),
    ),
    Mistake(
        "wrong-file",
        Change(_UNLOOKED, {SCRIPT: _OPENS_A_WRONG_FILE}),
        (("file=src/score.py,line=8", "`init()` of the entry script failed: FileNotFoundError", "AZUREML_MODEL_DIR"),),
    ),
    Mistake(
        "wrong-file-and-no-sample",
        Change({"sample-request": "", **_UNLOOKED}, {SCRIPT: _OPENS_A_WRONG_FILE}),
        (("`init()` of the entry script failed", "AZUREML_MODEL_DIR"),),
        out=Change({"sample-request": ""}),
    ),
]
RAISED = [
    Mistake("answer-that-is-no-json", script(_NOT_JSON), (("set is not JSON serializable", "`list()` of the set"),)),
    Mistake("library-that-is-missing", script(_NEEDS_A_LIBRARY), (("libgomp.so.1", "`apt-packages: libgomp1`"),)),
]


class TestTheLiveApp:
    """Mistakes that only the live app shows."""

    def _deploy(self, sandbox: Sandbox, folder: Path, change: Change, app: str) -> Run:
        names = {"app-name": app, "resource-group": app, "verify-timeout": "60"}
        return run_action(
            folder, {**sandbox.endpoints.inputs(), **change.apply(folder), **names}, sandbox.endpoints.environ()
        )

    @pytest.mark.parametrize("mistake", [pytest.param(one, id=one.name) for one in ONLY_LIVE])
    def test_tells_them(self, mistake: Mistake, sandbox: Sandbox, tmp_path: Path) -> None:
        """With the cause; and the mended project goes live."""
        app = f"live-{mistake.name}"

        wrong = self._deploy(sandbox, tmp_path / "wrong", mistake.done, app)
        mended = self._deploy(sandbox, tmp_path / "mended", mistake.out, app)

        assert (8, True) == (wrong.code, mistake.is_told_by(wrong.errors)), wrong.log
        assert 0 == mended.code, mended.log

    @pytest.mark.parametrize("mistake", [pytest.param(one, id=one.name) for one in RAISED])
    def test_tells_the_exception(self, mistake: Mistake, sandbox: Sandbox, tmp_path: Path) -> None:
        """With the line of the script, and the way out where it is known."""
        run = self._deploy(sandbox, tmp_path / "wrong", mistake.done, f"raised-{mistake.name}")

        assert (8, True) == (run.code, mistake.is_told_by(run.errors)), run.log

    def test_shows_warnings_of_the_script(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """One that says that the model was made with another version may mean wrong answers."""
        run = self._deploy(sandbox, tmp_path / "warns", script(_WARNS), "live-warns")

        assert 0 == run.code, run.log
        assert "made with version 1.8.0" in run.log

    def test_does_not_mind_a_script_that_prints_much(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """A megabyte with each request."""
        change = script(ECHO_SCRIPT.replace("    return", "    print('x' * 1_400_000)\n    return"))

        run = self._deploy(sandbox, tmp_path / "prints", change, "live-prints")

        assert 0 == run.code, run.log


class TestTheFirstTry:
    """What people see of `try` before it has gone well."""

    def _folder(self, folder: Path, script: str) -> Path:
        write_echo_project(folder, script=script)
        (folder / "inputs.yml").write_text("entry-script: src/score.py\nsource-directory: .\n")
        return folder

    def test_shows_the_log_of_the_app(self, tmp_path: Path) -> None:
        """What `init()` prints is seen; also from inside a folder with a module that hides one of Python's."""
        folder = self._folder(tmp_path / "logs", ECHO_SCRIPT)
        (folder / "secrets.py").write_text('API_KEY = "not a real one"\n')
        with tried(folder, "--engine", "process", inside=True) as trial:
            assert "app | the model is loaded" in trial.lines

    def test_goes_on_after_a_failure(self, tmp_path: Path) -> None:
        """Also after that of the first deployment."""
        with tried(self._folder(tmp_path / "fails", _OPENS_A_WRONG_FILE), "--engine", "process") as trial:
            assert any("the script opens `model/weights.bin`" in line for line in trial.lines)

    def test_leaves_alone_what_no_image_needs(self, tmp_path: Path) -> None:
        """A page about the project changes nothing of it."""
        folder = self._folder(tmp_path / "watched", ECHO_SCRIPT)
        with tried(folder, "--engine", "process") as trial:
            (folder / "README.md").write_text("# Churn\n")
            sleep(1)
            (folder / SCRIPT).write_text(f"{ECHO_SCRIPT}\n")

            assert "Changed: src/score.py" == trial.read_until("Changed: ")


class TestWhatGoesIn:
    """What a plan says of an image."""

    def test_names_the_largest_packages(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """Those that most likely are not needed to score."""
        assert "largest packages: " in plan(sandbox, tmp_path / "workspace", NOTHING).log

    def test_counts_the_files_of_the_source_directory(self, sandbox: Sandbox, tmp_path: Path) -> None:
        """A folder too many is seen there."""
        assert "Code: 1 file, " in plan(sandbox, tmp_path / "workspace", NOTHING).log
