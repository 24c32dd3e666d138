"""The mistakes of a first hour: found before anything is written where that can be, named, and the way out works.

`mode: plan` writes nothing: what it finds is found before anything is written. `test_mistakes_live.py` has what only a
live app shows, `test_mistakes_at_a_console.py` options and folders, `test_documented_roles.py` missing roles.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.failing_runs import run_here
from support.mistakes import NOTHING, REQUIREMENTS, SCRIPT, Change, Mistake, holds, plan, plan_inputs, requires, script
from support.project import ECHO_SCRIPT

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from azure_sandbox.sandbox import Sandbox

pytestmark = pytest.mark.exhaustive

TAKEN = "somebody-elses"
OTHER = "12345678-0000-0000-0000-000000000000"
_HOLDS = "The workspace holds `model`, `requirements.txt`, `sample.json`, `src`."
_LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "4d7a2146" * 8 + "\nsize 12345\n"


_BLOB = {"trigger": "blob", "input-path": "input/{blobname}.json", "location": "West Europe"}
WITHOUT_AZURE = [
    Mistake("wrong-model-path", Change({"model-path": "modle/"}), (("model-path: `modle/` does not exist", _HOLDS),)),
    Mistake(
        "four-wrong-paths",
        Change(
            {
                "model-path": "modle/",
                "entry-script": "scor.py",
                "environment-file": "requirement.txt",
                "sample-request": "smaple.json",
            }
        ),
        (
            ("model-path: `modle/` does not exist", _HOLDS),
            ("entry-script: `scor.py` does not exist", _HOLDS),
            ("environment-file: `requirement.txt` does not exist", _HOLDS),
            ("sample-request: `smaple.json` does not exist", _HOLDS),
        ),
    ),
    Mistake(
        "no-run",
        script("def init():\n    pass\n"),
        (("file=src/score.py::entry-script: it has no `run` function", "Define `def run(data):`"),),
        code=3,
    ),
    Mistake(
        "syntax-error",
        script("def init():\n    pass\n\ndef run(data:\n"),
        (("file=src/score.py,line=4::entry-script: it is not valid Python: '(' was never closed", "Fix this line"),),
        code=3,
    ),
    Mistake(
        "no-sample", Change({"sample-request": "no.json"}), (("sample-request: `no.json` does not exist", _HOLDS),)
    ),
    Mistake(
        "sample-is-no-json",
        Change(files={"sample.json": "{'x': 1}"}),
        (("sample-request: `sample.json` is not JSON", "line 1, column 2", "give it another ending"),),
    ),
    Mistake(
        "long-app-name",
        Change({"app-name": "a" * 66}),
        (("app-name: ", "is not a function app's name. Use 2 to 60 letters, digits and hyphens"),),
    ),
    Mistake(
        "underscore-in-app-name",
        Change({"app-name": "my_app"}),
        (("app-name: `my_app` is not a function app's name. Use 2 to 60 letters, digits and hyphens",),),
    ),
    Mistake(
        "forgotten-registry-and-app-name",
        Change({"registry": "", "app-name": ""}),
        (("registry: it is required", "`contoso.azurecr.io`"), ("app-name: it is required", "unique in all of Azure")),
    ),
    Mistake(
        "misspelt-input",
        Change({"entry-script": "", "entry-scirpt": SCRIPT}),
        (("entry-scirpt: there is no such input. Did you mean `entry-script`?",), ("entry-script: it is required",)),
    ),
    Mistake(
        "subscription-by-name",
        Change({"subscription-id": "my-subscription"}),
        (
            (
                "subscription-id: `my-subscription` is not an id",
                "`az account show --subscription my-subscription --query",
            ),
        ),
    ),
    Mistake("python-3.9", Change({"python-version": "3.9"}), (("python-version: there is no", "`3.9`", " 3.11,"),)),
    Mistake("ep9", Change({"plan-sku": "EP9"}), (("plan-sku: `EP9` is not a plan size", "Use one of EP1,"),)),
    Mistake("y1", Change({"plan-sku": "Y1"}), (("plan-sku: the Consumption plan (`Y1`)", "Use one of EP1,"),)),
    Mistake("timer", Change({"trigger": "timer"}), (("trigger: there is no trigger `timer`. Use `http`",),)),
    Mistake(
        "blob-without-input-path",
        Change({"trigger": "blob"}),
        (("input-path: it is required with `trigger: blob`", "`input/{blobname}.json`"),),
        # A region by the name that people know is one, too.
        out=Change(_BLOB),
    ),
    Mistake(
        "lfs-pointer",
        Change(files={"model/weights.txt": _LFS}),
        (("model-path: `weights.txt` is a Git LFS pointer", "`git lfs pull`", "`lfs: true`"),),
    ),
    Mistake(
        "lfs-pointer-beside-the-script",
        Change(files={"src/score.py": f"LABELS = open('labels.json')\n{ECHO_SCRIPT}", "src/labels.json": _LFS}),
        (("file=src/labels.json::source-directory: `labels.json` is a Git LFS pointer", "`lfs: true`"),),
    ),
    Mistake(
        "dvc-pointer",
        Change(files={"model/m.json.dvc": "outs:\n- md5: 876a7dc3312f64f66d245242fdc03b41\n  path: m.json\n"}),
        (("model-path: `m.json` is kept by DVC (`m.json.dvc`) and was not fetched", "`dvc pull`"),),
    ),
    Mistake(
        "editable",
        requires("-e ."),
        (
            (
                "file=requirements.txt,line=2::environment-file: the option `--editable`",
                "`source-directory`",
                "`--find-links`",
            ),
        ),
        code=3,
    ),
    Mistake(
        "package-from-git",
        requires("git+https://github.com/contoso/churn"),
        (
            (
                "file=requirements.txt,line=2::environment-file: `git+https://",
                "Build its wheel",
                "`--find-links <folder>`",
            ),
        ),
        code=3,
    ),
    Mistake(
        "script-outside-of-src",
        Change({"entry-script": "serving/score.py", "source-directory": "src"}, {"serving/score.py": ECHO_SCRIPT}),
        (("entry-script: `serving/score.py` lies outside", "`source-directory: .`", "`import-roots: src`"),),
        out=Change(
            {"entry-script": "serving/score.py", "source-directory": ".", "import-roots": "src"},
            {"serving/score.py": ECHO_SCRIPT},
        ),
    ),
]

BY_THE_PLAN = [
    Mistake(
        "modules-that-nothing-brings",
        script(f"import churn_helpers\nimport joblib\n{ECHO_SCRIPT}"),
        (
            ("file=src/score.py,line=1::", "`churn_helpers`", "add its file to the source directory"),
            ("file=src/score.py,line=2::", "`joblib`", "Add the package that has it", "`requirements.txt`"),
        ),
        code=3,
        out=Change(
            files={
                SCRIPT: f"import churn_helpers\nimport joblib\n{ECHO_SCRIPT}",
                "src/churn_helpers.py": "",
                REQUIREMENTS: "six==1.17.0\njoblib\n",
            }
        ),
    ),
    Mistake(
        "no-such-package",
        requires("no-such-package-by-any-name==9.9"),
        (
            (
                "file=requirements.txt,line=2::environment-file: the index has no package",
                "spelling",
                "`--extra-index-url`",
            ),
        ),
        code=3,
    ),
    Mistake(
        "no-such-version",
        Change(files={REQUIREMENTS: "six==99.9\n"}),
        (("file=requirements.txt,line=1::environment-file: the index has no version `six==99.9`", "that exists"),),
        code=3,
    ),
    Mistake(
        "python-of-another-base",
        Change({"python-version": "3.14"}),
        (("python-version: the base image has Python ", "says 3.14", "Leave `python-version` out"),),
        code=3,
    ),
    Mistake(
        "other-tenant", Change({"tenant-id": OTHER}), (("there is no tenant", OTHER, "AADSTS90002", "`tenant-id`"),), 4
    ),
    Mistake(
        "other-client", Change({"client-id": OTHER}), (("no application", OTHER, "AADSTS700016", "`client-id`"),), 4
    ),
    Mistake(
        "other-subscription",
        Change({"subscription-id": OTHER}),
        (("subscription-id: SubscriptionNotFound", OTHER, "Check `subscription-id`"),),
        code=6,
    ),
    Mistake(
        "no-such-region",
        Change({"location": "westeurop"}),
        (("location: there is no region `westeurop`", "Did you mean `westeurope`?"),),
        code=6,
    ),
    Mistake(
        "wrong-path-below-the-model",
        script(ECHO_SCRIPT.replace('"weights.txt"', '"weights.bin"')),
        (("file=src/score.py,line=8::entry-script: the script opens `model/weights.bin`", "`model/weights.txt`"),),
        code=3,
    ),
    Mistake(
        "taken-app-name",
        Change({"app-name": TAKEN}),
        ((f"app-name: the function app `{TAKEN}` cannot be created", "Set `app-name` to another name"),),
        code=6,
    ),
]
OLD_NUMPY = Mistake(
    "no-wheel-for-this-python",
    requires("numpy<1.20"),
    (("file=requirements.txt,line=2::environment-file: `numpy` has no wheel for Python", "Or ask for a version"),),
    code=3,
    out=requires("numpy"),
)
SKLEARN = Mistake(
    "sklearn",
    requires("sklearn"),
    (("line=2::environment-file: ", "use scikit-learn instead", "Did you mean `scikit-learn`?"),),
    code=3,
    out=requires("scikit-learn"),
)


@pytest.fixture(scope="module")
def plans(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Change], int]:
    """The exit code of `mode: plan` for a project; for one and the same project it runs once."""
    known: dict[str, int] = {}

    def passed(change: Change) -> int:
        if repr(change) not in known:
            known[repr(change)] = plan(sandbox, tmp_path_factory.mktemp("mended"), change).code
        return known[repr(change)]

    return passed


class TestInputs:
    """Mistakes that the files and the inputs show by themselves."""

    @pytest.mark.parametrize("mistake", [pytest.param(one, id=one.name) for one in WITHOUT_AZURE])
    def test_are_found_without_a_login(
        self, mistake: Mistake, sandbox: Sandbox, tmp_path: Path, plans: Callable[[Change], int]
    ) -> None:
        """In a job that cannot log in; all at once, with input, file and line; and the mended project has a plan."""
        folder = tmp_path / "workspace"
        inputs = plan_inputs(sandbox, folder, mistake.done)

        run = run_here(folder, inputs)

        assert (mistake.code, True) == (run.code, mistake.is_told_by(run.errors.splitlines())), run.errors
        assert 0 == plans(mistake.out)


class TestThePlan:
    """Mistakes that Azure or the package index knows of."""

    @pytest.mark.parametrize(
        "mistake",
        [pytest.param(one, id=one.name) for one in (*BY_THE_PLAN, OLD_NUMPY, SKLEARN)],
    )
    def test_finds_them(
        self, mistake: Mistake, sandbox: Sandbox, tmp_path: Path, plans: Callable[[Change], int]
    ) -> None:
        """Nothing is written; and the mended project has a plan."""
        sandbox.arm.sites.take_name(TAKEN)
        sandbox.journal.clear()

        run = plan(sandbox, tmp_path / "workspace", mistake.done)

        assert (mistake.code, True) == (run.code, mistake.is_told_by(run.errors)), run.log
        assert [] == sandbox.journal.writes()
        assert 0 == plans(mistake.out)

    def test_needs_an_identity_token(self, sandbox: Sandbox, tmp_path: Path, plans: Callable[[Change], int]) -> None:
        """A job without `id-token: write` is told of it, and of forks; with it there is a plan."""
        offered = ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")
        environ = {name: value for name, value in sandbox.endpoints.environ().items() if name not in offered}

        run = plan(sandbox, tmp_path / "workspace", NOTHING, environ)

        assert 4 == run.code, run.log
        assert holds(run.errors[0], ("`permissions: id-token: write`", "`client-secret`", "fork"))
        assert 0 == plans(NOTHING)
