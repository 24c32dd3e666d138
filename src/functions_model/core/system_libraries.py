"""Debian packages by the shared libraries that they have. This decides nothing: it only names ways out."""

from __future__ import annotations

from collections.abc import Iterable

_PACKAGES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libICE.so.6": "libice6",
    "libSM.so.6": "libsm6",
    "libX11.so.6": "libx11-6",
    "libXext.so.6": "libxext6",
    "libXrender.so.1": "libxrender1",
    "libcairo.so.2": "libcairo2",
    "libespeak-ng.so.1": "libespeak-ng1",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libgdk_pixbuf-2.0.so.0": "libgdk-pixbuf-2.0-0",
    "libgfortran.so.5": "libgfortran5",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgobject-2.0.so.0": "libglib2.0-0",
    "libgomp.so.1": "libgomp1",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libjpeg.so.62": "libjpeg62-turbo",
    "liblapack.so.3": "liblapack3",
    "libmagic.so.1": "libmagic1",
    "libmariadb.so.3": "libmariadb3",
    "libodbc.so.2": "unixodbc",
    "libopenblas.so.0": "libopenblas0",
    "libopenmpi.so.40": "libopenmpi3",
    "libpango-1.0.so.0": "libpango-1.0-0",
    "libpangocairo-1.0.so.0": "libpangocairo-1.0-0",
    "libportaudio.so.2": "libportaudio2",
    "libpq.so.5": "libpq5",
    "libsndfile.so.1": "libsndfile1",
    "libtbb.so.12": "libtbb12",
    "libtbb.so.2": "libtbb2",
    "libxcb.so.1": "libxcb1",
    "libxml2.so.2": "libxml2",
    "libxslt.so.1": "libxslt1.1",
}
"""As Debian 11 and 12, which the base images are made of, call them: their `Contents-amd64` indexes."""


def debian_packages(libraries: Iterable[str]) -> tuple[str, ...]:
    """The packages that have these libraries, each once; a library that is not known is left out."""
    return tuple(dict.fromkeys(_PACKAGES[name] for name in libraries if name in _PACKAGES))


def way_out(libraries: Iterable[str]) -> str:
    """How to bring libraries into an image, one or more whole sentences."""
    names = tuple(libraries)
    packages = debian_packages(names)
    which = f"`apt-packages: {' '.join(packages)}`" if packages else "`apt-packages` and the Debian package that has it"
    return f"Give {which} with `builder: docker`."
