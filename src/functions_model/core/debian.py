"""Which of Debian's packages brings a shared library."""

from __future__ import annotations

import re

_SONAME = re.compile(r"(?P<name>lib[\w.+-]+?)(\.so\.(?P<version>[\w.]+)|-(?P<within>\d[\w.]*)\.so)")
_OTHERS = {
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libgio-2.0.so.0": "libglib2.0-0",
    "libGLU.so.1": "libglu1-mesa",
    "libjpeg.so.62": "libjpeg62-turbo",
    "libodbc.so.2": "unixodbc",
    "libodbcinst.so.2": "unixodbc",
    "libopenmpi.so.40": "libopenmpi3",
    "libxml2.so.2": "libxml2",
    "libxslt.so.1": "libxslt1.1",
    "libz.so.1": "zlib1g",
}
"""Packages that are not called as the policy wants, by Debian's own "Search the contents of packages"."""
_GPU = re.compile(r"lib(cuda|cudart|cublas\w*|cudnn\w*|cufft\w*|curand|cusolver\w*|cusparse\w*|nccl|nvidia-.*|nvrtc)\b")


def package_of(library: str) -> str:
    """The package, by its library's name as programs look for it; empty for one that has no version.

    Debian calls packages after libraries, with a hyphen between two digits: Debian Policy Manual, 8.1, "Run-time shared
    libraries".

    Args:
        library: `libgomp.so.1`.
    """
    found = _SONAME.fullmatch(library)
    if library in _OTHERS or found is None:
        return _OTHERS.get(library, "")
    name, within = found["name"].lower().replace("_", "-"), found["within"]
    version = within or found["version"].lower()
    return f"{name}-{version}" if within or name[-1].isdigit() else f"{name}{version}"


def is_of_a_gpu(library: str) -> bool:
    """Whether it belongs to NVIDIA's driver or to CUDA, and so to no package of Debian's."""
    return bool(_GPU.match(library))
