"""Ways out of what people, and the tools that export environments, write down for a package.

By its form where it has one. Where only a list helps, it is here, and it decides nothing: it only names a way out.
"""

from __future__ import annotations

import re
import sys
from typing import NamedTuple

from packaging.requirements import InvalidRequirement
from packaging.requirements import Requirement as ParsedRequirement
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import InvalidVersion, Version

from functions_model.core.masking import cut
from functions_model.environment.offers import Offer

_LONGEST = 300


class Advice(NamedTuple):
    """What is wrong, a clause without a full stop, and what to do, whole sentences."""

    what: str
    remedy: str


BESIDE = "put its folder next to the entry script, inside `source-directory`: it goes into the image, and needs no line"
OWN_WHEEL = (
    "build its wheel in an earlier step (`pip wheel --no-deps .`), and name it by its path, or its folder with"
    " `--find-links`"
)
OWN_CODE = f"If it is your own code, {BESIDE}. Or {OWN_WHEEL}."
"""How code of one's own gets into the image."""

PACKAGE_OF_MODULE = {
    "bio": "biopython",
    "cairosvg": "CairoSVG",
    "crypto": "pycryptodome",
    "cv2": "opencv-python-headless",
    "dateutil": "python-dateutil",
    "dotenv": "python-dotenv",
    "fitz": "pymupdf",
    "git": "gitpython",
    "google-cloud": "google-cloud-storage",
    "imblearn": "imbalanced-learn",
    "jose": "python-jose",
    "jwt": "pyjwt",
    "magic": "python-magic",
    "mysqldb": "mysqlclient",
    "openssl": "pyopenssl",
    "opencv": "opencv-python-headless",
    "pil": "pillow",
    "pptx": "python-pptx",
    "pytorch": "torch",
    "serial": "pyserial",
    "skimage": "scikit-image",
    "sklearn": "scikit-learn",
    "skopt": "scikit-optimize",
    "usb": "pyusb",
    "yaml": "pyyaml",
    "zmq": "pyzmq",
}
"""Distributions by the module that people import, in lower case, where the two have not the same name."""

INSTEAD = {
    "tensorflow-gpu": "tensorflow",
    "tensorflow-intel": "tensorflow",
    "tensorflow-macos": "tensorflow",
}
"""What to ask for in the place of distributions that are for one system or one kind of processor."""


_SPACY_MODEL = re.compile(r"[a-z]{2,3}-(?:core|dep|ent|sent)-[a-z]+-(?:sm|md|lg|trf)")
"""A language, a type, a genre and a size: https://spacy.io/models#conventions."""
_SPACY_RELEASES = "https://github.com/explosion/spacy-models/releases/download"
"""Where each of them is released: https://spacy.io/usage/models#production."""
_PYTORCH = re.compile(r"cpu|cu[0-9]+|rocm[0-9.]+|xpu")
"""Local versions of the builds on PyTorch's own index: https://pytorch.org/get-started/previous-versions/."""
_PYTORCH_CPU = "https://download.pytorch.org/whl/cpu"


def for_unknown(package: str, *, pinned_by_tool: bool) -> Advice:
    """About a package that no index has.

    Args:
        package: Its name, normalised, with the versions that are asked for: `en-core-web-sm==3.7.1`.
        pinned_by_tool: Whether a tool wrote the line, so that the name is spelt right.
    """
    name, version = name_and_version(package)
    if _SPACY_MODEL.fullmatch(name):
        return _for_spacy_model(name, version)
    if name.replace("-", "_") in sys.stdlib_module_names:
        return Advice(f"`{name}` is a module of Python itself, and no package of the index", "Remove the line.")
    what = f"the index has no package `{name}`"
    if meant := PACKAGE_OF_MODULE.get(name):
        return Advice(what, f"Did you mean `{meant}`?")
    private = "A private package needs its index: a line `--extra-index-url`."
    return Advice(what, f"{OWN_CODE} {private}" if pinned_by_tool else f"Check its spelling. {private} {OWN_CODE}")


def _for_spacy_model(name: str, version: str) -> Advice:
    file = f"{name.replace('-', '_')}-{version or '<version>'}"
    fits = "" if version else ", with a version that fits your spaCy (3.7.1 goes with spaCy 3.7)"
    wheel = f"{_SPACY_RELEASES}/{file}/{file}-py3-none-any.whl"
    remedy = f"Write `{name.replace('-', '_')} @ {wheel}`{fits}."
    return Advice(f"`{name}` is a model of spaCy, which the package index does not have", remedy)


def for_no_version(package: str) -> Advice:
    """About a version that no index has.

    Args:
        package: The name, normalised, with the versions that are asked for: `torch==2.3.1+cu121`.
    """
    name, version = name_and_version(package)
    if package == name:
        what = f"the index answers for `{name}` with a page that names no file of it"
        return Advice(what, "Check the index's address, and that no login page or proxy answers in its place.")
    what = f"the index has no version `{package}`"
    local = Version(version).local if version else None
    if local is None:
        return Advice(what, "Ask for a version that exists.")
    public = f"`{name}=={Version(version).public}`"
    if not _PYTORCH.fullmatch(local):
        return Advice(what, f"`+{local}` marks a build that came from elsewhere. Write {public}.")
    remedy = (
        f"Builds marked `+{local}` are on PyTorch's own index. Write {public}; for the builds for CPUs, as Azure"
        " Functions has no GPUs, set `torch-backend: cpu`, or write above it the line"
        f" `--extra-index-url {_PYTORCH_CPU}`."
    )
    return Advice(what, remedy)


_CONDA_LINE = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)=(?P<version>[\w.!+*]+)(?:=[\w.*]+)?")
"""As `conda list --export` writes packages, a file that looks like one of requirements."""
_COLUMNS = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)\s+(?P<version>[0-9][\w.!+]*)")
"""As `pip list` and `conda list` show packages."""
_INSTALL = re.compile(r"[!%]?\s*(?:python3? -m |uv |conda )?(?:pip3? )?install\s+(?P<rest>.+)")


def for_unreadable(text: str, reason: str) -> Advice:
    """About a line that is not a requirement.

    Args:
        text: The line.
        reason: What its reader said, without a full stop.
    """
    what = f"`{cut(text, _LONGEST)}` is not a requirement ({reason})"
    if found := _CONDA_LINE.fullmatch(text):
        remedy = (
            f"Write `{found['name']}=={found['version']}`. A file of such lines is conda's:"
            " `conda env export --from-history` writes one that can be given as it is (`.yml`)."
        )
        return Advice(what, remedy)
    if found := _COLUMNS.fullmatch(text):
        listing = "`pip list --format=freeze` writes all lines in that way."
        return Advice(what, f"Write `{found['name']}=={found['version']}`. {listing}")
    if found := _INSTALL.fullmatch(text):
        return Advice(what, f"Leave the command out, and write `{found['rest']}`, each package on a line of its own.")
    return Advice(what, "Write it as `name`, `name==1.2` or `name>=1,<2`.")


_MARKERS = {"Windows": "sys_platform == 'win32'", "macOS": "sys_platform == 'darwin'"}
"""Markers that keep a line for one system: https://peps.python.org/pep-0508/#environment-markers."""


def for_offer(subject: str, name: str, offer: Offer, parent: str) -> Advice | None:
    """About a package without a wheel for the image, as far as the index says more; else None.

    Args:
        subject: The package, as the message begins: "`pywin32==306`".
        name: Its name, normalised.
        offer: What the indexes have of it.
        parent: What depends on it; empty when the user asks for it.
    """
    instead = INSTEAD.get(name) or offer.instead
    what = f"{subject} is for {' and '.join(offer.only_for)} only" if offer.only_for else f"{subject} has no wheel"
    if offer.points_elsewhere:
        what = f"{what}; its own words on the index: {offer.words.rstrip('.')}"
    if offer.only_for and parent:
        marker = _marker(offer.only_for)
        return Advice(what, f"Remove the line that asks for `{parent}`, or write `; {marker}` at its end.")
    if instead and parent:
        return Advice(what, f"Ask for a version of `{parent}` that does not need `{name}`.")
    if instead:
        return Advice(what, f"Did you mean `{instead}`?")
    if offer.only_for:
        return _for_foreign(what, subject, offer.only_for)
    return Advice(what, "Ask for what it names instead.") if offer.points_elsewhere else None


def _for_foreign(what: str, subject: str, systems: tuple[str, ...]) -> Advice:
    line = f"{subject.rstrip('`')}; {_marker(systems)}`"
    return Advice(what, f"Remove the line, or write {line}. An export made on {systems[0]} has such lines.")


def _marker(systems: tuple[str, ...]) -> str:
    return " or ".join(_MARKERS[system] for system in systems)


LEFT_OUT = {
    ("pkg-resources", "0.0.0"): "`pip freeze` on Debian and Ubuntu writes it by mistake, and there is no such package",
}
"""Name and version of lines that ask for nothing, and why they are there."""


def for_file(name: str, path: str) -> Advice:
    """About a package that comes from a file of the machine on which `pip freeze` ran: conda's packages look like that.

    Args:
        name: As the line has it.
        path: The URL's path.
    """
    what = f"`{name}` comes from a file of the machine that wrote this line"
    if version := _version_of_file(path.rpartition("/")[2]):
        return Advice(what, f"Write `{name}=={version}`.")
    remedy = "`pip freeze` writes that in a conda environment; `pip list --format=freeze` writes the versions instead."
    return Advice(what, f"Write `{name}==<version>`. {remedy}")


def _version_of_file(file_name: str) -> str:
    """The version in the name of a wheel or of a source package; empty where there is none."""
    try:
        found = parse_wheel_filename(file_name) if file_name.endswith(".whl") else parse_sdist_filename(file_name)
    except (InvalidWheelFilename, InvalidSdistFilename, InvalidVersion):
        return ""
    return found[1].public


def name_and_version(package: str) -> tuple[str, str]:
    """The name, normalised, and the version where exactly one is asked for, else an empty text."""
    try:
        parsed = ParsedRequirement(package)
    except (InvalidRequirement, RecursionError):
        return canonicalize_name(package), ""
    exact = [one.version for one in parsed.specifier if one.operator == "==" and not one.version.endswith("*")]
    return canonicalize_name(parsed.name), exact[0] if len(exact) == 1 else ""
