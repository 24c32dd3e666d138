"""The locks and the projects' own lists of requirements agree. All of it without a network."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ROOT / "requirements"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())

RUNTIME = PROJECT["project"]["dependencies"]
SANDBOX = RUNTIME + PROJECT["project"]["optional-dependencies"]["sandbox"]
DEV = SANDBOX + PROJECT["dependency-groups"]["dev"]
BUILD = PROJECT["build-system"]["requires"]

PINNED = re.compile(r"^([\w.\[\]-]+)==([^\s;\\]+)", re.MULTILINE)


def _listed(name: str) -> list[str]:
    """The requirements of an `.in` file."""
    lines = (LOCKS / name).read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def _locked(name: str) -> dict[str, set[Version]]:
    """The versions of each package in a lock: several where markers choose between them."""
    versions: dict[str, set[Version]] = {}
    for package, version in PINNED.findall((LOCKS / name).read_text()):
        versions.setdefault(canonicalize_name(package.partition("[")[0]), set()).add(Version(version))
    return versions


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("runtime.lock", RUNTIME),
        ("sandbox.lock", SANDBOX),
        ("dev.lock", DEV),
        ("build.lock", BUILD + _listed("build.in")),
        ("bootstrap.lock", _listed("bootstrap.in")),
        ("az.lock", _listed("az.in")),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
class TestEachLock:
    """A lock holds what was asked for."""

    def test_satisfied(self, lock: str, wanted: list[str]) -> None:
        """Every requirement is in the lock, in a version that it allows."""
        locked = _locked(lock)

        unsatisfied = []
        for requirement in map(Requirement, wanted):
            versions = locked.get(canonicalize_name(requirement.name), set())
            if not versions or not all(
                requirement.specifier.contains(version, prereleases=True) for version in versions
            ):
                unsatisfied.append(f"{requirement}: {sorted(map(str, versions)) or 'not in the lock'}")
        assert [] == unsatisfied, "run `make lock`"

    def test_hashed(self, lock: str, wanted: list[str]) -> None:
        """Every package carries at least one hash, so that nothing unknown is installed."""
        text = (LOCKS / lock).read_text()

        entries = re.split(r"\n(?=[\w])", text)
        without = [entry.split()[0] for entry in entries if PINNED.match(entry) and "--hash=sha256:" not in entry]
        assert [] == without

    def test_names_no_host(self, lock: str, wanted: list[str]) -> None:
        """No index is named: each machine's own configuration counts."""
        text = (LOCKS / lock).read_text()

        assert [] == re.findall(r"https?://|file:|--(?:extra-)?index-url|--find-links", text)


class TestTogether:
    """The locks agree with one another."""

    @pytest.mark.parametrize("name", ["runtime.lock", "sandbox.lock", "bootstrap.lock"])
    def test_same_versions(self, name: str) -> None:
        """A smaller lock has the versions of the one that holds everything."""
        everything = _locked("dev.lock")

        assert {package: everything.get(package) for package in _locked(name)} == _locked(name)

    def test_build_requirements(self) -> None:
        """build.in asks for what pyproject.toml's build system does."""
        assert set(BUILD) <= set(_listed("build.in"))
