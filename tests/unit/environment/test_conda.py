"""Conda environments and Azure ML environments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name

from functions_model.core.build import Solver
from functions_model.core.failures import EnvironmentFailed, RuleBroken
from functions_model.environment import read_environment
from functions_model.environment.conda_specs import LEFT_OUT, CondaSpec, parse_conda_spec, pep440, twin_of

if TYPE_CHECKING:
    from pathlib import Path

    from functions_model.environment import EnvironmentRequest


def read(folder: Path, text: str, solver: Solver = Solver.WHEELS) -> EnvironmentRequest:
    """The request of an environment file with that text."""
    path = folder / "environment.yml"
    path.write_text(text)
    return read_environment(path, root=folder, environ={"TOKEN": "hunter2"}, solver=solver)


def problems(folder: Path, text: str, solver: Solver = Solver.WHEELS) -> list[str]:
    """What is wrong, each as `line what`."""
    with pytest.raises(EnvironmentFailed) as failure:
        read(folder, text, solver)
    return [f"{problem.location.line} {problem.what}" for problem in failure.value.problems if problem.location]


SPECS = [
    ("numpy", CondaSpec("numpy"), ""),
    ("numpy=1.7", CondaSpec("numpy", "=1.7"), "==1.7.*"),
    ("numpy = 1.7", CondaSpec("numpy", "=1.7"), "==1.7.*"),
    ("numpy==1.7", CondaSpec("numpy", "==1.7"), "==1.7"),
    ("numpy 1.7", CondaSpec("numpy", "1.7"), "==1.7"),
    ("numpy=1.7.*", CondaSpec("numpy", "=1.7.*"), "==1.7.*"),
    ("numpy==1.7.*", CondaSpec("numpy", "==1.7.*"), "==1.7.*"),
    ("numpy 1.7*", CondaSpec("numpy", "1.7*"), "==1.7.*"),
    ("numpy=*", CondaSpec("numpy", "=*"), ""),
    ("numpy >= 1.2 , < 2", CondaSpec("numpy", ">=1.2,<2"), ">=1.2,<2"),
    ("numpy>=1.7.*", CondaSpec("numpy", ">=1.7.*"), ">=1.7"),
    ("numpy!=1.7.*,~=1.6", CondaSpec("numpy", "!=1.7.*,~=1.6"), "!=1.7.*,~=1.6"),
    ("numpy=1.26.4=py311_0", CondaSpec("numpy", "==1.26.4", "", "py311_0"), "==1.26.4"),
    ("numpy=1.26.4 py311_0", CondaSpec("numpy", "==1.26.4", "", "py311_0"), "==1.26.4"),
    ("numpy 1.26.4 py311_0", CondaSpec("numpy", "1.26.4", "", "py311_0"), "==1.26.4"),
    ("python=3.11.*=*_cpython", CondaSpec("python", "==3.11.*", "", "*_cpython"), "==3.11.*"),
    ("conda-forge::NumPy=1.7", CondaSpec("numpy", "=1.7", "conda-forge"), "==1.7.*"),
    ("conda-forge/linux-64::numpy", CondaSpec("numpy", "", "conda-forge/linux-64"), ""),
    ("numpy[version='>=1.2,<2', build=x*]", CondaSpec("numpy", ">=1.2,<2", "", "x*"), ">=1.2,<2"),
]


class TestSpecs:
    """Conda's way to write versions. Each case agrees with conda's own parser (checked with py-rattler 0.28)."""

    @pytest.mark.parametrize(("text", "spec", "expression"), SPECS, ids=[text for text, _, _ in SPECS])
    def test_reads(self, text: str, spec: CondaSpec, expression: str) -> None:
        """And says the same for wheels."""
        assert (spec, expression) == (parse_conda_spec(text), pep440(parse_conda_spec(text)))

    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("numpy=", "is not a conda dependency"),
            ("=1.7", "is not a conda dependency"),
            ("a b c d", "is not a conda dependency"),
            ("numpy[colour=red]", "is not a conda dependency"),
            ("numpy=>", "is not a conda dependency"),
            ("numpy=1.7|1.8", "one version or another"),
            ("nu!mpy", "is not a version that a wheel can have"),
            ("openssl=1.1.1w_x", "is not a version that a wheel can have"),
        ],
    )
    def test_refuses(self, text: str, words: str) -> None:
        """What is no dependency, and what wheels' versions cannot say."""
        with pytest.raises(RuleBroken) as failure:
            pep440(parse_conda_spec(text))

        assert words in failure.value.what


class TestTwins:
    """`twin_of`."""

    @pytest.mark.parametrize(
        ("conda", "versions", "wheel"),
        [
            ("pytorch", "==2.3.*", "torch==2.3.*"),
            ("py-xgboost", ">=2", "xgboost>=2"),
            ("matplotlib-base", "", "matplotlib"),
            ("importlib_metadata", "", "importlib-metadata"),
            ("pytz", "==2024a", "pytz==2024.1"),
            ("python-tzdata", ">=2024b,<2025a", "tzdata>=2024.2,<2025.1"),
            ("opencv", "==4.8.0", "opencv-python-headless==4.8.0.*"),
            ("opencv", "==4.8.*", "opencv-python-headless==4.8.*"),
        ],
    )
    def test_carries_names_and_versions_over(self, conda: str, versions: str, wheel: str) -> None:
        """The wheel's name, and its way to count versions."""
        twin = twin_of(conda)

        assert twin
        assert wheel == twin.name + twin.versions(versions)

    def test_names_are_normalised(self) -> None:
        """So that a conda package and a pip package of the same name are seen to be the same."""
        twins = [twin for name in ("ruamel.yaml", "typing_extensions", "scikit-learn") if (twin := twin_of(name))]

        assert [twin.name for twin in twins] == [canonicalize_name(twin.name) for twin in twins]
        assert len(twins) == 3

    def test_what_is_left_out_has_no_twin(self) -> None:
        """Except the build tools that are wheels too."""
        assert set() == {name for name in LEFT_OUT if twin_of(name)}


class TestCondaFiles:
    """Whole files, as wheels."""

    def test_reads(self, tmp_path: Path) -> None:
        """Conda dependencies, `pip:` with an include, and Python."""
        (tmp_path / "more.txt").write_text("six==1.17\n")
        text = (
            "name: churn\nchannels:\n  - conda-forge\nprefix: /opt/x\ndependencies:\n  - python=3.11\n  - pip\n"
            "  - scikit-learn=1.5\n  - conda-forge::pandas >=2\n  - pip:\n    - requests>=2 # http\n    - -r more.txt\n"
        )

        request = read(tmp_path, text)

        assert ["scikit-learn==1.5.*", "pandas>=2", "requests>=2", "six==1.17"] == [
            one.text for one in request.requirements[:-1]
        ]
        assert [8, 9, 11, 1] == [one.location.line for one in request.requirements[:-1] if one.location]
        assert (request.python_version, request.python_allowed) == ("3.11", ("3.11",))
        assert request.warnings == ()

    def test_warns_of_what_is_left_aside(self, tmp_path: Path) -> None:
        """Other channels, what is done with variables, and packages that wheels make unnecessary."""
        text = (
            "channels: [https://token:hunter2@host.example/mine]\nvariables: {A: 1}\n"
            "dependencies: [mkl, numpy, openssl, cpuonly]\n"
        )

        warnings = read(tmp_path, text).warnings

        starts = (
            "1 conda channel",
            "The image sets the conda file's variables: `A`.",
            "The conda package `mkl`",
            "The conda package `cpuonly`",
        )
        assert [True] * 4 == [warning.startswith(start) for warning, start in zip(warnings, starts, strict=True)]
        assert "hunter2" not in str(warnings)

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("", ["1 it is empty"]),
            ("- numpy\n", ["1 it is not a mapping"]),
            ("numpy\n", ["1 it is not a mapping"]),
            ("a: [\n", ["2 it is not YAML"]),
            ("name: x\n", ["1 it names no dependencies"]),
            ("dependencies:\n", ["1 `dependencies` is not a list"]),
            ("dependencies: []\n", ["1 `dependencies` is not a list"]),
            ("dependencies:\n  numpy: 1\n", ["1 `dependencies` is not a list"]),
            ("name: x\ndependency:\n  - numpy\n", ["2 there is no key `dependency`", "1 it names no dependencies"]),
            ("name: x\nname: y\ndependencies: [numpy]\n", ["2 the key `name` is set twice"]),
            ("dependencies:\n  - numpy\n  - r-base=4\n", ["3 the conda package `r-base` has no known equivalent"]),
            ("dependencies:\n  - numpy=1\n  - numpy=2\n", ["3 `numpy` is listed twice"]),
            ("dependencies:\n  - numpy=1\n  - pip:\n    - numpy==2\n", ["4 `numpy` is listed twice"]),
            ("dependencies:\n  - python=3.11\n  - python=3.12\n", ["3 `python` is listed twice"]),
            ("dependencies:\n  - pytorch=2\n  - pip:\n    - torch==1\n", ["4 `torch` is listed twice"]),
            ("dependencies:\n  - pip: six\n", ["2 `pip` is not a list"]),
            ("dependencies:\n  - pip:\n    - six: 1\n", ["3 an entry of `pip` is not text"]),
            ("dependencies:\n  - conda:\n    - six\n", ["2 there is no key `conda`"]),
            ("dependencies:\n  - [six]\n", ["2 a dependency is not text"]),
            ("dependencies:\n  - numpy=1|2\n  -\n", ["2 `numpy` allows one version", "3 a dependency is not text"]),
            ("dependencies:\n  - python\n", ["None it asks for nothing"]),
        ],
    )
    def test_refuses(self, text: str, found: list[str], tmp_path: Path) -> None:
        """Every problem on its line."""
        actual = problems(tmp_path, text)

        assert [True] * len(found) == [one.startswith(start) for one, start in zip(actual, found, strict=True)]

    def test_names_what_to_do_about_a_package_without_a_wheel(self, tmp_path: Path) -> None:
        """The ways out are in the message."""
        with pytest.raises(EnvironmentFailed, match=r"ask for it below `- pip:`.* `solver: conda` installs it"):
            read(tmp_path, "dependencies: [r-base]")


class TestVariables:
    """`variables:`, which activating the environment sets."""

    def test_are_part_of_the_environment(self, tmp_path: Path) -> None:
        """Each as it stands in the file; the note says who can read them and what outweighs them."""
        text = "variables: {OMP_NUM_THREADS: 1, FLAG: yes, EMPTY: }\ndependencies: [numpy]\n"

        request = read(tmp_path, text)

        assert (("OMP_NUM_THREADS", "1"), ("FLAG", "yes"), ("EMPTY", "")) == request.variables
        told = (
            "The image sets the conda file's variables: `OMP_NUM_THREADS`, `FLAG`, `EMPTY`. Whoever may pull it can"
            " read them. An app setting of the same name takes their place."
        )
        assert (told,) == request.warnings

    @pytest.mark.parametrize(
        "name", ["PATH", "pythonpath", "AZUREML_MODEL_DIR", "FUNCTIONS_WORKER_RUNTIME", "languageWorkers__python__x"]
    )
    def test_of_the_image_stay_the_image_s(self, name: str, tmp_path: Path) -> None:
        """What would break it is left out, with the reason."""
        request = read(tmp_path, f"variables: {{{name}: /x, PATHS: b}}\ndependencies: [numpy]\n")

        assert (("PATHS", "b"),) == request.variables
        assert request.warnings[0].startswith(f"The conda file's variable `{name}` is not set: ")

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("variables: [A]", "1 `variables` is not a mapping"),
            ("variables:\n  A: [1]", "2 `A` in `variables` is not text"),
            ("variables:\n  A B: 1", "2 a name in `variables`"),
        ],
    )
    def test_refuses(self, text: str, found: str, tmp_path: Path) -> None:
        """What no environment can hold, on its line."""
        [problem] = problems(tmp_path, f"{text}\ndependencies: [numpy]\n")

        assert problem.startswith(found)


class TestAzureMl:
    """Azure ML environment YAML."""

    def test_inline(self, tmp_path: Path) -> None:
        """`conda_file` may be the environment itself; what cannot be used is told."""
        text = (
            "$schema: https://host.example/environment.schema.json\nname: churn\nversion: 2\nimage: mcr.example/x\n"
            "conda_file:\n  dependencies:\n    - python=3.12\n    - six\ninference_config: {}\n"
        )

        request = read(tmp_path, text)

        assert ("six", 8) == (request.requirements[0].name, request.where("six").line)  # type: ignore[union-attr]
        assert request.python_version == "3.12"
        assert ["`image`", "`inference_config`"] == [warning.split()[2] for warning in request.warnings]

    @pytest.mark.parametrize(("name", "text"), [("conda.yml", "dependencies: [six]\n"), ("requirements.txt", "six\n")])
    def test_file(self, name: str, text: str, tmp_path: Path) -> None:
        """`conda_file` may be a path, relative to the YAML, to either format."""
        (tmp_path / "sub").mkdir()
        (tmp_path / "sub" / name).write_text(text)

        request = read(tmp_path, f"name: churn\nconda_file: sub/{name}\n")

        assert request.where("six") is not None
        assert request.where("six").file == tmp_path / "sub" / name  # type: ignore[union-attr]

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("name: x\nimage: mcr.example/x\n", "2 it names no dependencies (`conda_file`)"),
            ("image: x\nname: x\ninference_config: {}\n", "3 its image brings a server of its own"),
            ("name: x\nbuild:\n  path: .\n", "2 it builds its own image"),
            ("image: x\nconda_file: none.yml\n", "2 `none.yml` does not exist"),
            ("image: x\nconda_file: ../outside.yml\n", "2 `../outside.yml` leads to"),
            ("image: x\nconda_file: [a]\n", "2 `conda_file` is neither"),
            ("image: x\nconda_file: environment.yml\n", "None the file includes itself"),
            ("image: x\nconda_file: {}\ncolour: red\n", "3 there is no key `colour`"),
            ("image: x\nconda_file:\n  dependencies: [r-base]\n", "3 the conda package `r-base`"),
        ],
    )
    def test_refuses(self, text: str, found: str, tmp_path: Path) -> None:
        """With the line."""
        (tmp_path.parent / "outside.yml").write_text("dependencies: [six]\n")

        assert problems(tmp_path, text)[0].startswith(found)
