"""Two indexes, of which the first has a few versions of what the second has, too: PyTorch's and the default one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import EnvironmentFailed
from functions_model.environment import install, read_environment, resolve
from support.mistakes import holds
from support.package_index import package_index

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from functions_model.environment import Lock

pytestmark = pytest.mark.exhaustive


@dataclass(frozen=True, slots=True)
class Addresses:
    """Of two indexes.

    Attributes:
        default: The second one to be asked, with all versions.
        cpu: The first one.
    """

    default: str
    cpu: str


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    """Both at work."""
    folder = tmp_path_factory.mktemp("indexes")
    with package_index(folder / "default") as default, package_index(folder / "cpu") as cpu:
        for name, version in (("azureml-inference-server-http", "1.5"), ("torch", "2.3.1"), ("numpy", "1.26.4")):
            default.add(name, version)
        default.add("numpy", "2.1.0")
        cpu.add("torch", "2.3.1+cpu")
        cpu.add("numpy", "1.26.3")
        yield Addresses(default.simple, cpu.simple)


def lock_of(folder: Path, addresses: Addresses, *lines: str, cpu: bool = True) -> Lock:
    """The lock of a requirements file; its own lines begin in line 3."""
    extra = f"--extra-index-url {addresses.cpu}" if cpu else "# the default index alone"
    (folder / "requirements.txt").write_text("\n".join((f"--index-url {addresses.default}", extra, *lines, "")))
    return resolve(read_environment(folder / "requirements.txt", environ={}), "3.11", work=folder / "work")


def versions(lock: Lock) -> dict[str, str]:
    """Of numpy and torch."""
    return {one.name: one.version for one in lock.packages if one.name in {"numpy", "torch"}}


class TestBuildsForCpus:
    """`torch==2.3.1+cu121`, as `pip freeze` writes it, and what is said about it."""

    def test_way_out(self, tmp_path: Path, addresses: Addresses) -> None:
        """Written as it is said, the file has a lock with builds for CPUs, and the numpy that PyTorch's index lacks."""
        with pytest.raises(EnvironmentFailed) as failure:
            lock_of(tmp_path, addresses, "numpy==1.26.4", "torch==2.3.1+cu121", cpu=False)

        lock = lock_of(tmp_path, addresses, "numpy==1.26.4", "torch==2.3.1")
        install(lock, "3.11", tmp_path / "site", work=tmp_path / "install")

        assert holds(
            str(failure.value), ("Write `torch==2.3.1`", "the line `--extra-index-url https://download.pytorch")
        )
        assert {"numpy": "1.26.4", "torch": "2.3.1+cpu"} == versions(lock)
        [warning] = lock.request.warnings
        assert holds(warning, ("`numpy==1.26.4` is not on", "uv asked the next index, too"))
        assert (tmp_path / "site/numpy.py").is_file()


class TestFirstIndex:
    """The first index that has a package decides, unless one exact version is asked for."""

    def test_is_enough_without_a_version(self, tmp_path: Path, addresses: Addresses) -> None:
        """A newer one on the next index is not taken, and nothing is said."""
        lock = lock_of(tmp_path, addresses, "numpy", "torch")

        assert ({"numpy": "1.26.3", "torch": "2.3.1+cpu"}, ()) == (versions(lock), lock.request.warnings)

    def test_is_named_when_it_has_no_version_that_fits(self, tmp_path: Path, addresses: Addresses) -> None:
        """A range is not looked for elsewhere; with one exact version the file has a lock."""
        with pytest.raises(EnvironmentFailed) as failure:
            lock_of(tmp_path, addresses, "torch", "numpy>=1.26.4,<2")

        [problem] = failure.value.problems
        assert holds(problem.what, ("` has `numpy`, and no version of it that fits `numpy>=1.26.4",))
        assert holds(problem.remedy, ("Write one exact version, `numpy==...`",))
        assert 4 == (problem.location.line if problem.location else 0)
        assert "1.26.4" == versions(lock_of(tmp_path, addresses, "torch", "numpy==1.26.4"))["numpy"]

    def test_a_version_that_no_index_has(self, tmp_path: Path, addresses: Addresses) -> None:
        """It is told as everywhere else."""
        with pytest.raises(EnvironmentFailed, match=r"the index has no version `numpy==1\.27`"):
            lock_of(tmp_path, addresses, "torch", "numpy==1.27")
