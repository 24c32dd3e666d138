"""Debian's packages, by the libraries that they bring."""

from __future__ import annotations

import pytest

from functions_model.core.debian import is_of_a_gpu, package_of


@pytest.mark.parametrize(
    ("library", "package"),
    [
        ("libgomp.so.1", "libgomp1"),
        ("libGL.so.1", "libgl1"),
        ("libsndfile.so.1", "libsndfile1"),
        ("libX11.so.6", "libx11-6"),
        ("libpango-1.0.so.0", "libpango-1.0-0"),
        ("libgdk_pixbuf-2.0.so.0", "libgdk-pixbuf-2.0-0"),
        ("libsystemd-247.so", "libsystemd-247"),
        ("libstdc++.so.6", "libstdc++6"),
        ("libglib-2.0.so.0", "libglib2.0-0"),
        ("libxslt.so.1", "libxslt1.1"),
        ("libodd.so", ""),
        ("odd", ""),
    ],
)
def test_packages_are_called_after_their_libraries(library: str, package: str) -> None:
    """As Debian's policy says, but for a few."""
    assert package == package_of(library)


@pytest.mark.parametrize("library", ["libcuda.so.1", "libcudart.so.12", "libcublasLt.so.12", "libnvidia-ml.so.1"])
def test_libraries_of_a_gpu_are_known(library: str) -> None:
    """No package of Debian's main archive helps there."""
    assert (True, False) == (is_of_a_gpu(library), is_of_a_gpu("libcurl.so.4"))
