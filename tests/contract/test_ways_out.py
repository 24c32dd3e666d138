"""What is said about requirements that cannot be met, and that it helps: the file after the advice resolves."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import EnvironmentFailed
from functions_model.environment import Lock, install, read_environment, resolve
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
    Row("six=1.16.0=pyhd3eb1b0_1", ("Write `six==1.16.0`.", "`conda env export --from-history`"), "six==1.16.0"),
    Row("six=1.16.0", ("is not a requirement", "Write `six==1.16.0`."), "six==1.16.0"),
    Row(
        "six        1.16.0", ("is not a requirement", "Write `six==1.16.0`. `pip list --format=freeze`"), "six==1.16.0"
    ),
    Row("pip install six", ("is not a requirement", "Leave the command out, and write `six`"), "six"),
    Row("-e c:\\users\\me\\churn", ("--editable", "next to the entry script"), ""),
    Row("-e git+https://github.com/contoso/churn@1f2e#egg=churn", ("--editable", "next to the entry script"), ""),
    Row("cv2", ("no package `cv2`", "Did you mean `opencv-python-headless`?"), "opencv-python-headless"),
    Row("PIL", ("no package `pil`", "Did you mean `pillow`?"), "pillow"),
    Row("sqlite3", ("`sqlite3` is a module of Python itself", "Remove the line.")),
    Row("myown==0.1.0", ("no package `myown`", "spelling", "next to the entry script", "`--find-links`")),
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

        assert holds(said, ("8: the index has no package `myown`", "next to the entry script", "`--find-links`"))
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


def _source(name: str, version: str, *says: str, mark: Path, fails: str = "") -> SourcePackage:
    """One that must be built to be asked what it depends on; it leaves a mark when it is built."""
    first = f"open({str(mark)!r}, 'w').close()" + (f"; raise RuntimeError({fails!r})" if fails else "")
    return SourcePackage(name, version, "", says=says, first=first, metadata_version="2.1")


@pytest.fixture(scope="module")
def foreign(index: Path) -> Path:
    """The same folder with packages that no image takes."""
    wheels, mark = index / "wheels", index / "built"
    for name, version, tag in (
        ("pywin32", "306", "cp311-cp311-win_amd64"),
        ("pywinpty", "2.0.13", "cp311-none-win_amd64"),
        ("pyobjc-core", "10.1", "cp311-cp311-macosx_10_9_universal2"),
        ("tensorflow-macos", "2.12.0", "cp311-cp311-macosx_12_0_arm64"),
        ("mysqlclient", "2.1.0", "cp311-cp311-win_amd64"),
        ("other-python", "1.0", "cp311-cp311-win_amd64"),
    ):
        SourcePackage(name, version, "").write_wheel(wheels, tag)
    for name, version, words in (
        ("pywinpty", "2.0.13", "Summary: Pseudo terminal support for Windows from Python."),
        ("pyobjc-core", "10.1", "Classifier: Operating System :: MacOS :: MacOS X"),
        ("sklearn", "0.0", "Summary: A set of python modules for machine learning and data mining"),
        ("sklearn", "0.0.post12", "Summary: deprecated sklearn package, use scikit-learn instead"),
        ("mysqlclient", "2.1.0", "Summary: Python interface to MySQL"),
        ("docopt", "0.6.2", "Summary: Pythonic argument parser"),
    ):
        fails = "use 'scikit-learn' rather than 'sklearn'" if version == "0.0.post12" else ""
        _source(name, version, words, mark=mark, fails=fails).write_source(wheels)
    SourcePackage("other-python", "2.0", "").write_wheel(wheels, "cp310-cp310-manylinux_2_28_x86_64")
    SourcePackage("for-consoles", "1.0", "", requires=("pywin32",)).write_wheel(wheels)
    for name, version in (("scikit-learn", "1.5.0"), ("tensorflow", "2.15.0")):
        SourcePackage(name, version, "").write_wheel(wheels)
    return index


FOREIGN = [
    Row(
        "pywin32==306",
        ("`pywin32==306` is for Windows only", "Remove the line, or write `pywin32==306; sys_platform == 'win32'`."),
        "pywin32==306; sys_platform == 'win32'",
    ),
    Row(
        "pywinpty==2.0.13",
        ("is for Windows only", "or write `pywinpty==2.0.13; sys_platform == 'win32'`.", "made on Windows"),
        "pywinpty==2.0.13; sys_platform == 'win32'",
    ),
    Row(
        "pyobjc-core==10.1",
        ("is for macOS only", "or write `pyobjc-core==10.1; sys_platform == 'darwin'`."),
        "pyobjc-core==10.1; sys_platform == 'darwin'",
    ),
    Row("tensorflow-macos==2.12.0", ("is for macOS only", "Did you mean `tensorflow`?"), "tensorflow"),
    Row(
        "for-consoles",
        ("`pywin32==306`, which `for-consoles` depends on, is for Windows only", "write `; sys_platform == 'win32'`"),
        "for-consoles; sys_platform == 'win32'",
    ),
]
PLACEHOLDERS = [
    Row("sklearn", ("use scikit-learn instead", "Did you mean `scikit-learn`?"), "scikit-learn"),
    Row("sklearn==0.0.post12", ("use scikit-learn instead", "Did you mean `scikit-learn`?"), "scikit-learn"),
]


class TestForeign:
    """Packages that are on the index, for other systems or as a hint, told by what the index has of them."""

    @pytest.mark.parametrize("row", [*FOREIGN, *PLACEHOLDERS], ids=[row.line for row in [*FOREIGN, *PLACEHOLDERS]])
    def test_way_out(self, row: Row, foreign: Path) -> None:
        """The line is named with a way out, and the file after it has a lock; no source is built to know it."""
        said = told(foreign, requirements("six", row.line))

        assert [(True, True)] == [(one.startswith("4: "), holds(one, row.says)) for one in said], said
        assert lock_of(foreign, requirements("six", row.instead)).packages
        assert not (foreign / "built").exists()

    @pytest.mark.parametrize("row", FOREIGN, ids=[row.line for row in FOREIGN])
    def test_are_not_compiled(self, row: Row, foreign: Path) -> None:
        """With `builder: docker` the same is said, before anything is compiled."""
        said = told(foreign, requirements("six", row.line), only_wheels=False)

        assert [True] == [holds(one, row.says) for one in said], said

    def test_are_told_at_once(self, foreign: Path) -> None:
        """A file that was frozen on Windows needs one run."""
        lines = [row.line for row in FOREIGN]

        assert 4 == len(told(foreign, requirements(*lines[:4]), only_wheels=False))
        assert 4 == len(told(foreign, requirements(*lines[:4]), only_wheels=True))

    def test_placeholder_that_is_built(self, foreign: Path) -> None:
        """With `builder: docker` its own build says it, and the other lines are told, too."""
        try:
            said = told(foreign, requirements("sklearn", "cv2"), only_wheels=False)
        finally:
            (foreign / "built").unlink()

        assert [True, True] == [
            holds(
                said[0], ("3: `sklearn==0.0.post12` has no wheel", "use 'scikit-learn' rather", "Did you mean `scikit")
            ),
            holds(said[1], ("4: the index has no package `cv2`", "opencv-python-headless")),
        ]

    @pytest.mark.parametrize("line", ["mysqlclient==2.1.0", "docopt"])
    def test_sources_that_say_nothing_of_a_system_are_compiled(self, line: str, foreign: Path) -> None:
        """Also those with wheels for Windows alone: on Linux people compile them."""
        [said] = told(foreign, requirements(line))
        try:
            lock = lock_of(foreign, requirements(line), only_wheels=False)
        finally:
            (foreign / "built").unlink(missing_ok=True)

        assert "With `builder: docker` it is compiled." in said
        assert (line.partition("==")[0],) == lock.compiled

    def test_another_python_is_not_another_system(self, foreign: Path) -> None:
        """A release without a wheel for this Python is not told to be for Windows only when a newer one is not."""
        [said] = told(foreign, requirements("other-python==1.0"))

        assert "has no wheel for Python 3.11" in said


class TestLocalWheels:
    """Wheels in the repository, asked for by their path."""

    @pytest.fixture
    def own(self, tmp_path: Path, index: Path) -> Path:
        """A workspace with the index's wheels, and a wheel of its own that the index has with other content."""
        shutil.copytree(index / "wheels", tmp_path / "wheels")
        SourcePackage("six", "1.16.0", "own = True\n").write_wheel(tmp_path / "libs")
        SourcePackage("my-churn", "0.1", "").write_wheel(tmp_path / "libs")
        return tmp_path

    @pytest.mark.parametrize(
        "line",
        [
            "./libs/six-1.16.0-py3-none-any.whl",
            "libs\\six-1.16.0-py3-none-any.whl",
            "six @ ./libs/six-1.16.0-py3-none-any.whl",
            "libs/six-1.16.0-py3-none-any.whl ; python_version >= '3.10'",
        ],
    )
    def test_are_taken_by_their_hash(self, line: str, own: Path) -> None:
        """The very file is locked and installed, and not the one of the same version that the index has."""
        digest = hashlib.sha256((own / "libs/six-1.16.0-py3-none-any.whl").read_bytes()).hexdigest()

        lock = lock_of(own, requirements(line))
        install(lock, "3.11", own / "site", work=own / "install")

        assert [("1.16.0", (f"sha256:{digest}",))] == [
            (one.version, one.hashes) for one in lock.packages if one.name == "six"
        ]
        assert "own = True\n" == (own / "site/six.py").read_text()
        assert str(own) not in lock.text

    def test_paths_from_the_workspace(self, own: Path) -> None:
        """As pip has it, a path is relative to where pip is called, which need not be the file's own folder."""
        (own / "deploy").mkdir()
        (own / "deploy/requirements.txt").write_text("libs/my_churn-0.1-py3-none-any.whl\n")

        request = read_environment(own / "deploy/requirements.txt", root=own, environ={})

        assert ["my-churn==0.1"] == [one.text for one in request.requirements if one.location]

    def test_in_a_conda_file(self, own: Path) -> None:
        """The section of wheels takes them, too."""
        lock = lock_of(own, conda("./libs/my_churn-0.1-py3-none-any.whl"), "environment.yml")

        assert "my-churn" in {package.name for package in lock.packages}

    def test_renamed_wheel(self, own: Path) -> None:
        """A name that says no version is told."""
        (own / "libs/my_churn-0.1-py3-none-any.whl").rename(own / "libs/churn.whl")

        [said] = told(own, requirements("./libs/churn.whl"))

        assert holds(said, ("3: `churn.whl` is not the name of a wheel", "Do not rename wheels."))


REAL = [
    Row(
        "inference-schema==1.5.1",
        ("`wrapt>=1.11.1,<=1.12.1`, which `inference-schema==1.5.1` depends on", "`builder: d"),
    ),
    Row("scikit-learn==0.22.1", ("`scikit-learn==0.22.1` has no wheel", "`builder: docker`", "Or ask"), "scikit-learn"),
    Row("tensorflow-gpu==2.6.0", ("Did you mean `tensorflow`?",), "tensorflow"),
    Row("tensorflow-macos==2.12.0", ("is for macOS only", "Did you mean `tensorflow`?"), "tensorflow"),
    Row("pkg_resources", ("no package `pkg-resources`", "spelling")),
    Row("skimage", ("points to scikit-image", "Did you mean `scikit-image`?"), "scikit-image"),
    *FOREIGN[:2],
    *PLACEHOLDERS,
]


@pytest.mark.exhaustive
class TestThePublicIndex:
    """The same by the files and the words that the public index has."""

    def test_all_at_once(self, tmp_path: Path) -> None:
        """Every line is told, each with its way out, and the file after the advice has a lock."""
        rows = [row for row in REAL if row.line != "sklearn==0.0.post12"]
        said = told(tmp_path, "".join(f"{row.line}\n" for row in rows))

        assert [(f"{number}: ", True) for number in range(1, len(rows) + 1)] == [
            (one[: one.index(" ") + 1], holds(one, row.says)) for one, row in zip(said, rows, strict=True)
        ], said
        instead = "".join(f"{row.instead}\n" for row in rows if "tensorflow-" not in row.line)
        assert lock_of(tmp_path, instead).packages

    def test_what_is_compiled_resolves(self, tmp_path: Path) -> None:
        """`builder: docker`, which is offered for `wrapt`, takes it."""
        assert ("wrapt",) == lock_of(tmp_path, "inference-schema==1.5.1\n", only_wheels=False).compiled
