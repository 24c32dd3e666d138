"""`torch-backend: cpu`: PyTorch's builds for CPUs, with uv's own knowledge of where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.core.build import TorchBackend
from functions_model.environment import Lock, install, read_environment, resolve, with_backend
from support.package_index import COMPILED, PackageIndex, package_index
from support.pytorch_host import pytorch_host

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVER = "azureml-inference-server-http"
GPU = "nvidia-cublas-cu12"


@pytest.fixture
def general(tmp_path: Path) -> Iterator[PackageIndex]:
    """The index of all else: its PyTorch asks for a library for GPUs."""
    with package_index(tmp_path / "general") as index:
        index.add(SERVER, "1.5.1")
        index.add("torch", "2.3.1", tag=COMPILED, requires=[GPU, "filelock"])
        index.add(GPU, "12.1.3.1", tag="py3-none-manylinux1_x86_64")
        index.add("filelock", "3.0")
        yield index


@pytest.fixture
def pytorch(tmp_path: Path) -> Iterator[tuple[PackageIndex, dict[str, str]]]:
    """PyTorch's own, which has other versions of other packages as well."""
    with pytorch_host(tmp_path / "pytorch") as (index, environ):
        index.add("torch", "2.3.1+cpu", tag=COMPILED, requires=["filelock"], files={"torch.py": "CPU = True\n"})
        index.add("filelock", "2.0")
        yield index, environ


def locked(folder: Path, text: str, environ: dict[str, str], *, backend: TorchBackend = TorchBackend.CPU) -> Lock:
    """What a requirements file is resolved to with that backend."""
    path = folder / "requirements.txt"
    path.write_text(text)
    asked = with_backend(read_environment(path, environ={}), backend)
    return resolve(asked, "3.11", work=folder / "work", environ=environ)


class TestTorchBackend:
    """`with_backend`, resolved and installed."""

    @pytest.mark.parametrize(
        "line", ["torch", "torch==2.3.1", "torch==2.3.1+cu121", "torch==2.3.1+rocm6.0", "torch>=2,<3"]
    )
    def test_cpu_takes_pytorch_s_own(
        self,
        line: str,
        general: PackageIndex,
        pytorch: tuple[PackageIndex, dict[str, str]],
        tmp_path: Path,
    ) -> None:
        """Whatever CUDA a line names; nothing for GPUs comes with it, and all else is of the user's index."""
        lock = locked(tmp_path, f"--index-url {general.simple}\n{line}\n", pytorch[1])

        install(lock, "3.11", tmp_path / "site", work=tmp_path / "install", environ=pytorch[1])

        assert [(SERVER, "1.5.1"), ("filelock", "3.0"), ("torch", "2.3.1+cpu")] == [
            (package.name, package.version) for package in lock.packages
        ]
        assert "CPU = True\n" == (tmp_path / "site/torch.py").read_text()

    def test_cpu_outweighs_an_index_of_the_file(
        self, general: PackageIndex, pytorch: tuple[PackageIndex, dict[str, str]], tmp_path: Path
    ) -> None:
        """An `--extra-index-url` for one CUDA stays for all else."""
        with package_index(tmp_path / "cuda") as cuda:
            cuda.add("torch", "2.3.1+cu121", tag=COMPILED)
            cuda.add("rare", "1.0")
            text = f"--index-url {general.simple}\n--extra-index-url {cuda.simple}\ntorch==2.3.1+cu121\nrare\n"

            lock = locked(tmp_path, text, pytorch[1])

        assert {("torch", "2.3.1+cpu"), ("rare", "1.0")} <= {(one.name, one.version) for one in lock.packages}

    def test_as_given_follows_the_file(
        self, general: PackageIndex, pytorch: tuple[PackageIndex, dict[str, str]], tmp_path: Path
    ) -> None:
        """PyTorch's own host is not asked."""
        text = f"--index-url {general.simple}\ntorch\n"

        lock = locked(tmp_path, text, pytorch[1], backend=TorchBackend.AS_GIVEN)

        assert {GPU, "torch"} <= {package.name for package in lock.packages}
        assert [] == pytorch[0].seen
