"""When a conda file needs real conda packages, and what is asked for then."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.core.build import Solver
from functions_model.core.failures import EnvironmentFailed
from functions_model.core.secrets import Secret
from functions_model.core.spec import InlineEnvironment
from functions_model.environment import EnvironmentRequest, read_environment, read_mlflow_environment, with_mlflow

if TYPE_CHECKING:
    from pathlib import Path

SERVER = "azureml-inference-server-http"


def read(folder: Path, text: str, solver: Solver = Solver.AUTO, name: str = "environment.yml") -> EnvironmentRequest:
    """The request of an environment file with that text, beside a folder `channel`."""
    (folder / "channel").mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text)
    return read_environment(path, root=folder, environ={"TOKEN": "hunter2"}, solver=solver)


def why(request: EnvironmentRequest) -> str:
    """Why conda, or that it is not."""
    return request.conda.why if request.conda else "wheels"


class TestWhen:
    """Wheels or conda."""

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("dependencies:\n- numpy\n- openssl\n- mkl\n", "wheels"),
            ("channels: [conda-forge, defaults]\ndependencies: [conda-forge::numpy]\n", "wheels"),
            ("channels: [https://mirror.example/conda-forge/]\ndependencies: [numpy]\n", "wheels"),
            ("dependencies:\n- python=3.10\n- pip\n- pip:\n  - azureml-defaults\n  - six\n", "wheels"),
            ("dependencies:\n- numpy\n- r-base=4\n", "line 3 asks for `r-base`, which has no matching wheel"),
            ("channels:\n- mine\ndependencies:\n- numpy\n", "line 2 names your own channel, `mine`"),
            ("channels:\n- ./channel\ndependencies: [six]\n", "line 2 names your own channel, `channel`"),
            ("dependencies:\n- mine::six\n", "line 2 asks for `six` from a channel of your own, `mine`"),
            (
                "channels:\n- https://host.example/t/${TOKEN}/team/mine\ndependencies: [six]\n",
                "line 2 names your own channel, `team/mine`",
            ),
        ],
    )
    def test_the_file_decides(self, text: str, reason: str, tmp_path: Path) -> None:
        """A package without a wheel or a channel of one's own needs conda, and the line that makes it so is named."""
        assert reason == why(read(tmp_path, text))

    def test_wheels_may_be_asked_for(self, tmp_path: Path) -> None:
        """Then a channel of one's own is not asked, and its token is shown nowhere."""
        text = "channels: [https://u:hunter2@host.example/mine]\ndependencies: [numpy]\n"

        request = read(tmp_path, text, Solver.WHEELS)

        assert ("wheels", "numpy") == (why(request), request.requirements[0].text)
        assert request.warnings[0].startswith("1 conda channel is not asked")

    def test_conda_may_be_asked_for(self, tmp_path: Path) -> None:
        """Of any conda file, wherever it stands."""
        azureml = "image: x\nconda_file:\n  dependencies: [numpy]\n"
        inline = InlineEnvironment(tmp_path / "deployment.yml", 3, "dependencies: [numpy]\n")
        requests = [
            read(tmp_path, "dependencies: [numpy]\n", Solver.CONDA),
            read(tmp_path, azureml, Solver.CONDA),
            read_environment(inline, root=tmp_path, environ={}, solver=Solver.CONDA),
        ]

        assert ["`solver: conda` says so"] * 3 == [why(request) for request in requests]

    @pytest.mark.parametrize(
        ("name", "text"),
        [("requirements.txt", "six\n"), ("azureml.yml", "image: x\nconda_file: requirements.txt\n")],
    )
    def test_a_requirements_file_is_none_for_conda(self, name: str, text: str, tmp_path: Path) -> None:
        """It is refused rather than read as something else."""
        (tmp_path / "requirements.txt").write_text("six\n")

        with pytest.raises(EnvironmentFailed, match="it is a requirements file, and `solver: conda`"):
            read(tmp_path, text, Solver.CONDA, name)


class TestWhat:
    """What is asked for."""

    def test_packages_stay_as_they_are(self, tmp_path: Path) -> None:
        """None is left out or renamed; what stands below `pip:` is for wheels, with the server."""
        text = (
            "dependencies:\n- python=3.11.*=*_cpython\n- pytorch>=2|1.13\n- openssl=1.1.1w_x\n- r-base\n"
            "- pip:\n  - six\nvariables: {A: 1}\n"
        )

        request = read(tmp_path, text)

        assert request.conda
        assert ["python=3.11.*=*_cpython", "pytorch>=2|1.13", "openssl=1.1.1w_x", "r-base"] == [
            spec.text for spec in request.conda.specs
        ]
        assert ["six", SERVER] == [requirement.name for requirement in request.requirements]
        assert ("3.11", 4) == (request.python_version, request.where("openssl").line)  # type: ignore[union-attr]
        assert (("A", "1"),) == request.variables

    def test_the_server_is_not_added_beside_conda_s_own(self, tmp_path: Path) -> None:
        """A conda package of that name is the server."""
        assert () == read(tmp_path, f"dependencies: [{SERVER}, r-base]\n").requirements

    def test_channels_keep_their_order(self, tmp_path: Path) -> None:
        """Names as they are, folders as paths, URLs as secrets; each has a name without a host or a token."""
        text = (
            "channels:\n- ./channel\n- https://host.example/t/${TOKEN}/channel/\n- defaults\n- conda-forge\n"
            f"- file://{tmp_path}/channel\n- nodefaults\ndependencies: [six]\n"
        )

        request = read(tmp_path, text)

        assert request.conda
        assert [
            ("channel", tmp_path / "channel"),
            ("channel-2", Secret("https://host.example/t/hunter2/channel")),
            ("main", "main"),
            ("r", "r"),
            ("conda-forge", "conda-forge"),
        ] == [(channel.name, channel.location) for channel in request.conda.channels]
        assert "hunter2" not in repr(request)

    def test_conda_forge_is_meant_without_channels(self, tmp_path: Path) -> None:
        """As with conda installers of today."""
        request = read(tmp_path, "dependencies: [r-base]\n")

        assert request.conda
        assert ["conda-forge"] == [channel.location for channel in request.conda.channels]

    def test_every_problem_is_told_on_its_line(self, tmp_path: Path) -> None:
        """Channels and packages alike, and no token with them."""
        text = (
            "channels:\n- [a]\n- ./none\n- /etc\n- https://\n- https://h.example/t/${NONE}/x\n- a b\n"
            "dependencies:\n- r-base=4\n- r-base=3\n- r-dplyr=\n- https://h.example/t/hunter2/x::six\n"
        )

        with pytest.raises(EnvironmentFailed) as failure:
            read(tmp_path, text, Solver.CONDA)

        found = [(problem.location.line, problem.what) for problem in failure.value.problems if problem.location]
        starts = [
            (2, "a channel is not text"),
            (3, "`./none` does not exist"),
            (4, "`/etc` leads to"),
            (5, "the channel's URL is not"),
            (6, "the channel needs `NONE`"),
            (7, "the channel is neither"),
            (10, "`r-base` is listed twice"),
            (11, "`r-dplyr=` is not a conda dependency"),
            (12, "the channel of `six` is a URL"),
        ]
        assert starts == [(line, what[: len(start)]) for (line, what), (_, start) in zip(found, starts, strict=True)]
        assert "hunter2" not in str(failure.value)


class TestMlflow:
    """MLflow models, whose `conda.yaml` names conda packages."""

    def model(self, folder: Path, conda: str) -> Path:
        """A model's folder, with wheels in its other files."""
        model = folder / "model"
        model.mkdir()
        files = {"MLmodel": "mlflow_version: 3.1.4\n", "requirements.txt": "mlflow==3.1.4\n", "conda.yaml": conda}
        for name, text in files.items():
            (model / name).write_text(text)
        return model

    def test_conda_reads_that_file_alone(self, tmp_path: Path) -> None:
        """And adds what it does not name, as wheels."""
        model = self.model(tmp_path, "dependencies: [python=3.11, pandas, r-base]\n")

        request = read_mlflow_environment(model, root=tmp_path, environ={}, solver=Solver.CONDA)

        assert request.conda
        assert ["python", "pandas", "r-base"] == [spec.name for spec in request.conda.specs]
        assert ["mlflow-skinny==3.1.4", SERVER] == [requirement.text for requirement in request.requirements]

    def test_other_solvers_install_what_that_file_needs(self, tmp_path: Path) -> None:
        """Conda packages without wheels come from their channels, as on Azure ML; `requirements.txt` is not read."""
        model = self.model(tmp_path, "dependencies: [python=3.11, r-base]\n")

        request = read_mlflow_environment(model, root=tmp_path, environ={})

        assert request.conda
        assert ["python", "r-base"] == [spec.name for spec in request.conda.specs]
        assert "3.11" == request.python_version

    def test_refuses_a_model_without_that_file(self, tmp_path: Path) -> None:
        """There is nothing to solve."""
        model = self.model(tmp_path, "")
        (model / "conda.yaml").unlink()

        with pytest.raises(EnvironmentFailed, match=r"there is no `conda\.yaml` next to it"):
            read_mlflow_environment(model, root=tmp_path, environ={}, solver=Solver.CONDA)

    def test_own_environments_are_completed(self, tmp_path: Path) -> None:
        """With MLflow, unless conda brings it."""
        model = self.model(tmp_path, "")

        added = [
            [one.name for one in with_mlflow(read(tmp_path, text), model).requirements]
            for text in ("dependencies: [r-base]\n", "dependencies: [r-base, mlflow]\n")
        ]

        assert [[SERVER, "mlflow-skinny", "pandas"], [SERVER]] == added
