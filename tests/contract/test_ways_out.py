"""What is said about requirements that cannot be met, and that it helps: the file after the advice resolves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import EnvironmentFailed
from functions_model.environment import Lock, read_environment, resolve
from support.mistakes import holds
from support.source_packages import SourcePackage

if TYPE_CHECKING:
    from pathlib import Path

PINNED = (
    ("azureml-inference-server-http", "1.5.1"),
    ("opencv-python-headless", "4.9.0.80"),
    ("pillow", "10.3.0"),
    ("pyyaml", "6.0.1"),
    ("numpy", "1.26.4"),
    ("six", "1.16.0"),
    ("torch", "2.3.1"),
    ("torch", "2.3.1+cpu"),
)
_OFFLINE = ("--no-index", "--find-links wheels")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with wheels in the place of an index."""
    folder = tmp_path_factory.mktemp("index")
    for name, version in PINNED:
        SourcePackage(name, version, "").write_wheel(folder / "wheels")
    return folder


def lock_of(folder: Path, text: str, name: str = "requirements.txt", *, only_wheels: bool = True) -> Lock:
    """The lock of an environment file beside the index's folder."""
    (folder / name).write_text(text)
    request = read_environment(folder / name, root=folder, environ={})
    return resolve(request, "3.11", work=folder / "work", only_wheels=only_wheels)


def requirements(*lines: str) -> str:
    """A file that asks for these in the folder; they begin in line 3."""
    return "\n".join((*_OFFLINE, *lines, ""))


def conda(*lines: str) -> str:
    """A conda file whose section of wheels asks for these; they begin in line 7."""
    pip = "".join(f"    - {line}\n" for line in (*_OFFLINE, *lines))
    return f"dependencies:\n  - python=3.11\n  - pip\n  - pip:\n{pip}"


def told(folder: Path, text: str, name: str = "requirements.txt", *, only_wheels: bool = True) -> list[str]:
    """What is wrong, each as `line: what. remedy`."""
    with pytest.raises(EnvironmentFailed) as failure:
        lock_of(folder, text, name, only_wheels=only_wheels)
    return [f"{one.location.line if one.location else 0}: {one.what}. {one.remedy}" for one in failure.value.problems]


@dataclass(frozen=True, slots=True)
class Row:
    """A line that cannot be followed.

    Attributes:
        line: As people write it, or tools.
        says: What is said about it, in this order.
        instead: What the advice makes of the line; empty when it goes.
    """

    line: str
    says: tuple[str, ...]
    instead: str = ""


_SPACY = (
    "en_core_web_sm @ https://github.com/explosion/spacy-models/releases/download/en_core_web_sm-3.7.1/"
    "en_core_web_sm-3.7.1-py3-none-any.whl"
)
_FEEDSTOCK = "file:///home/conda/feedstock_root/build_artifacts"
ROWS = [
    Row("cv2", ("no package `cv2`", "Did you mean `opencv-python-headless`?"), "opencv-python-headless"),
    Row("PIL", ("no package `pil`", "Did you mean `pillow`?"), "pillow"),
    Row("sqlite3", ("`sqlite3` is a module of Python itself", "Remove the line.")),
    Row("myown==0.1.0", ("no package `myown`", "spelling", "beside the entry script", "`--find-links`")),
    Row("-e .", ("--editable", "`source-directory`", "`pip wheel --no-deps .`", "`--find-links`")),
    Row("torch==2.3.1+cu121", ("+cu121` are on PyTorch's own index", "Write `torch==2.3.1`"), "torch==2.3.1"),
    Row("six==1.16.0+ubuntu1", ("`+ubuntu1` marks a build", "Write `six==1.16.0`"), "six==1.16.0"),
    Row(
        "torch==2.3.1+cpu --find-links wheels",
        ("`--find-links` stands behind a requirement", "on a line of its own"),
        "--find-links wheels\ntorch==2.3.1+cpu",
    ),
    Row("six --pre", ("`--pre` stands behind a requirement", "on a line of its own"), "--pre\nsix"),
    Row("six -f wheels", ("`-f` stands behind a requirement", "on a line of its own"), "-f wheels\nsix"),
    Row("six --global-option=x", ("no effect on wheels", "Remove it."), "six"),
    Row("six --no-cache-dir", ("does not belong behind a requirement", "Remove it."), "six"),
    Row(
        f"numpy @ {_FEEDSTOCK}/numpy_1707225380409/work/dist/numpy-1.26.4-cp311-cp311-linux_x86_64.whl#sha256=d08e",
        ("`numpy` comes from a file of the machine", "Write `numpy==1.26.4`."),
        "numpy==1.26.4",
    ),
    Row(
        "numpy @ file:///C:/b/abs_1/croot/numpy_1/work/dist/numpy-1.26.4-cp311-cp311-win_amd64.whl#sha256=d08e",
        ("Write `numpy==1.26.4`.",),
        "numpy==1.26.4",
    ),
    Row("six @ file:///tmp/build/six-1.16.0.tar.gz", ("Write `six==1.16.0`.",), "six==1.16.0"),
    Row(
        f"six @ {_FEEDSTOCK}/six_1620240208055/work",
        ("Write `six==<version>`.", "`pip list --format=freeze`"),
        "six==1.16.0",
    ),
]


class TestLines:
    """Lines of a requirements file, and of the wheels of a conda file."""

    @pytest.mark.parametrize("row", ROWS, ids=[row.line[:40] for row in ROWS])
    def test_way_out(self, row: Row, index: Path) -> None:
        """The line is named with a way out, and the file after it has a lock."""
        said = told(index, requirements("pyyaml", row.line))

        assert [(True, True)] == [(one.startswith("4: "), holds(one, row.says)) for one in said], said
        assert lock_of(index, requirements("pyyaml", row.instead)).packages

    def test_all_at_once(self, index: Path) -> None:
        """What a file can tell of itself comes together, and what the index can tell."""
        by_the_file = [row.line for row in ROWS if "file:" in row.line]
        by_the_index = ["cv2", "PIL", "sqlite3", "myown==0.1.0", "torch==2.3.1+cu121"]

        assert [4, 5] == [len(told(index, requirements(*lines))) for lines in (by_the_file, by_the_index)]

    def test_package_of_ones_own_in_a_conda_file(self, index: Path) -> None:
        """`conda env export` wrote its name, so nobody is told to check the spelling; the rest has a lock."""
        [said] = told(index, conda("six", "myown==0.1.0"), "environment.yml")

        assert holds(said, ("8: the index has no package `myown`", "beside the entry script", "`--find-links`"))
        assert "spelling" not in said
        assert lock_of(index, conda("six"), "environment.yml").packages

    def test_package_of_ones_own_as_a_wheel(self, index: Path) -> None:
        """The other way out, `--find-links`, works in a conda file, too."""
        SourcePackage("my-churn", "0.1", "").write_wheel(index / "mine")

        lock = lock_of(index, conda("--find-links mine", "my-churn==0.1"), "environment.yml")

        assert "my-churn" in {package.name for package in lock.packages}

    def test_model_of_spacy(self, index: Path) -> None:
        """Its releases are on GitHub: the line that is offered is read as a wheel of that name."""
        [said] = told(index, requirements("six", "en-core-web-sm==3.7.1"))
        (index / "after.txt").write_text(f"{_SPACY}\n")

        assert (
            f"4: `en-core-web-sm` is a model of spaCy, which the package index does not have. Write `{_SPACY}`." == said
        )
        assert ["en-core-web-sm"] == [one.name for one in read_environment(index / "after.txt").requirements[:1]]

    def test_model_of_spacy_without_a_version(self, index: Path) -> None:
        """The version is left to the reader, who is told which."""
        [said] = told(index, requirements("de_core_news_md"))

        assert holds(said, ("/de_core_news_md-<version>/", "a version that fits your spaCy"))

    def test_placeholder_of_debian(self, index: Path) -> None:
        """It is left out with a note, also where it is all that is asked for."""
        (index / "frozen.txt").write_text("pkg-resources==0.0.0\n")

        request = read_environment(index / "frozen.txt")

        assert (1, True) == (len(request.requirements), holds(request.warnings[0], ("frozen.txt:1", "is left out")))
        assert lock_of(index, requirements("pkg_resources==0.0.0", "six")).packages
