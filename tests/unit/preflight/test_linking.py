"""What shared libraries ask for."""

from __future__ import annotations

import pytest

from functions_model.image.files import Link, TreeFile
from functions_model.preflight.linking import needed, unmet
from support.elf import library


def _unmet(files: dict[str, bytes]) -> dict[str, set[str]]:
    found = unmet({path: TreeFile(path, content) for path, content in files.items()})
    return {path: set(names) for path, names in found.items()}


class TestNeeded:
    def test_names(self) -> None:
        """As the linker wrote them."""
        assert ("libgomp.so.1", "libc.so.6") == needed(library("libgomp.so.1", "libc.so.6"))

    @pytest.mark.parametrize("content", [b"", b"\x7fELF", b"#!", library("libgomp.so.1")[:90], Link("other.so")])
    def test_other_files(self, content: object) -> None:
        """A script, a damaged library, a link."""
        assert () == needed(content)


class TestUnmet:
    def test_what_nobody_has(self) -> None:
        """Neither the environment nor every base image."""
        assert {"lightgbm/lib/lib_lightgbm.so": {"libgomp.so.1"}} == _unmet(
            {"lightgbm/lib/lib_lightgbm.so": library("libgomp.so.1", "libm.so.6", "libstdc++.so.6")}
        )

    def test_what_the_environment_has(self) -> None:
        """In a folder of its own beside the package, or in another package."""
        files = {
            "xgboost/lib/libxgboost.so": library("libgomp-e985bcbb.so.1.0.0"),
            "xgboost.libs/libgomp-e985bcbb.so.1.0.0": library("libc.so.6"),
            "torch/_C.cpython-311-x86_64-linux-gnu.so": library("libcudart.so.12"),
            "nvidia/cuda_runtime/lib/libcudart.so.12": library("libpthread.so.0"),
        }

        assert {} == _unmet(files)

    def test_through_another(self) -> None:
        """A library that is there needs one that is not; two may need each other."""
        files = {
            "a.abi3.so": library("libb.so"),
            "a.libs/libb.so": library("libc.so", "libX11.so.6"),
            "a.libs/libc.so": library("libb.so"),
        }

        assert {"libX11.so.6"} == _unmet(files)["a.abi3.so"]

    @pytest.mark.parametrize("driver", ["libcuda.so.1", "libnvidia-ml.so.1", "libOpenCL.so.1"])
    def test_drivers(self, driver: str) -> None:
        """They come with the machine."""
        assert {} == _unmet({"torch/lib/libtorch_cuda.so": library(driver)})
