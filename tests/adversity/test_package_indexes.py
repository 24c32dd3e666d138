"""What package indexes, and the wheels that they serve, can do, and what must come of it."""

from __future__ import annotations

import os
import time
import warnings
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.core.failures import EnvironmentFailed
from functions_model.environment import install, read_environment, resolve
from functions_model.environment.machine_failures import machine_problem
from functions_model.environment.request import EnvironmentRequest, IndexSettings
from functions_model.environment.standard_library import take_out_hiding
from functions_model.environment.uv_failures import Target, blamed, explain
from functions_model.environment.uv_process import UvRefused, run_uv
from functions_model.image.files import TreeFile
from functions_model.preflight.distributions import distributions_in
from support.adversity import Row, each
from support.fuzzing import DEEP
from support.package_index import LATELY, PackageIndex, package_index, write_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from functions_model.environment import Lock

LISTING = "application/vnd.pypi.simple.v1+json"
ASKED = ("azure-functions", "azureml-inference-server-http")
"""What every environment asks for."""


@dataclass
class World:
    """An index, and a workspace that installs from it."""

    index: PackageIndex
    folder: Path

    def lock(self, text: str, environ: Mapping[str, str] | None = None) -> Lock:
        """Resolve a file of requirements; `INDEX` in it is the index, `HOST` its host with a port."""
        file = self.folder / "requirements.txt"
        host = self.index.url.removeprefix("http://").rstrip("/")
        file.write_text(text.replace("INDEX", self.index.simple).replace("HOST", host))
        given = {name: value.replace("HOST", host) for name, value in (environ or {}).items()}
        own = {name: value for name, value in os.environ.items() if not name.startswith("UV_")}
        known = {**own, "UV_CACHE_DIR": str(self.folder / "cache"), **given}
        return resolve(read_environment(file, environ={}), "3.11", work=self.folder / "resolve", environ=known)

    def install(self, text: str) -> Path:
        lock = self.lock(text)
        known = {**os.environ, "UV_CACHE_DIR": str(self.folder / "cache")}
        return install(lock, "3.11", self.folder / "site", work=self.folder / "w", environ=known).site_packages

    def refused(self, text: str, environ: Mapping[str, str] | None = None) -> EnvironmentFailed:
        with pytest.raises(EnvironmentFailed) as failed:
            self.lock(text, environ)
        return failed.value


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with package_index(tmp_path / "index") as index:
        for name in ASKED:
            index.add(name, "1.24.0")
        yield World(index, tmp_path)


@dataclass(frozen=True)
class Login:
    """An index that wants one.

    Attributes:
        text: The environment file.
        says: Parts of what the one problem says.
        status: What it answers.
        environ: Variables of uv's.
    """

    text: str
    says: tuple[str, ...]
    status: int = 401
    environ: Mapping[str, str] = field(default_factory=dict)


HUNDRED = "".join(f"package-{number}==1.0\n" for number in range(100))
ONCE = (
    "one problem names the index and the way to log in; no package is said to be missing, and none is asked for again"
)
LOGINS = [
    Row(
        "an index answers 401 for each of 100 packages",
        ONCE,
        Login(f"--index-url INDEX\n{HUNDRED}", ("wants a login (401)", "`--index-url http://USER:${INDEX_TOKEN}@HOST")),
        "R7",
    ),
    Row(
        "an index answers 403 for each of 100 packages",
        ONCE,
        Login(f"--index-url INDEX\n{HUNDRED}", ("/simple/` refused (403)", "--index-url"), 403),
        "R7",
    ),
    Row(
        "an index beside another one answers 401",
        ONCE,
        Login(
            "--extra-index-url INDEX\nalpha\n",
            ("wants a login (401)", "`--extra-index-url http://USER:${INDEX_TOKEN}@HOST"),
            environ={"UV_DEFAULT_INDEX": "http://HOST/broken/"},
        ),
        "R7",
    ),
    Row(
        "an index refuses the login that the file has",
        ONCE,
        Login("--index-url http://me:hunter22@HOST/simple\nalpha\n", ("refused the login", "Check that its token")),
        "R7",
    ),
    Row(
        "an index that a variable names refuses the login in it",
        ONCE,
        Login(
            "alpha\n",
            ("wants a login (401)", "the variable that names it (`UV_DEFAULT_INDEX`"),
            environ={"UV_DEFAULT_INDEX": "http://me:hunter22@HOST/simple"},
        ),
        "R7",
    ),
]


@each(LOGINS)
def test_an_index_that_wants_a_login(row: Row[Login], world: World) -> None:
    """It was told as packages that do not exist, after 5,151 requests and 50 s."""
    case = row.case
    world.index.refuses = case.status
    host = world.index.url.removeprefix("http://").rstrip("/")
    failure = world.refused(case.text, case.environ)
    told = str(failure)

    assert 1 == len(failure.problems)
    assert all(part.replace("HOST", host) in told for part in case.says), told
    assert "spelling" not in told
    assert "hunter22" not in f"{told}{failure.detail}"
    # uv asks for each page with and without a login, side by side, and once more without `azure-functions`.
    assert len(world.index.seen) <= 5 * (len(case.text.splitlines()) + 2)


def test_a_login_that_holds(world: World) -> None:
    """The same index, once it is told who asks."""
    world.index.refuses, world.index.login = 401, "me:hunter22"
    world.index.add("alpha", "1.0")

    assert "alpha" in {
        package.name for package in world.lock("--index-url http://me:hunter22@HOST/simple\nalpha\n").packages
    }


def answer(body: bytes, kind: str = LISTING, status: int = 200, **headers: str) -> tuple[int, dict[str, str], bytes]:
    return status, {"Content-Type": kind, **{name.replace("_", "-"): value for name, value in headers.items()}}, body


NO_PAGE = "it is told as no page of an index, with its address"
PAGES = [
    Row("an index answers with a page for people", NO_PAGE, answer(b"<html>Sign in</html>", "text/html"), "R7"),
    Row("an index says that a page for people is JSON", NO_PAGE, answer(b"<html>Sign in</html>"), "R2"),
    Row("an index answers `null`", NO_PAGE, answer(b"null"), "R2"),
    Row("an index answers with 100,000 nested `[`", NO_PAGE, answer(DEEP.encode()), "R2"),
    Row("an index answers with bytes of no kind", NO_PAGE, answer(b"\0\1", "application/octet-stream"), "R2"),
    Row("an index's list of files is a mapping", NO_PAGE, answer(b'{"meta":5,"name":[],"files":{"a":1}}'), "R2"),
    Row("an index leads to `http://[::1`", NO_PAGE, answer(b"", status=302, Location="http://[::1"), "R2"),
    Row(
        "an index leads to a file of this machine",
        NO_PAGE,
        answer(b"", status=302, Location="file:///etc/passwd"),
        "R2",
    ),
]


@each(PAGES)
def test_an_index_that_answers_with_something_else(row: Row[tuple[int, dict[str, str], bytes]], world: World) -> None:
    """No package is said to be missing, and no bug of ours is met."""
    world.index.pages["/simple/alpha/"] = row.case
    told = str(world.refused("--index-url INDEX\nalpha\n"))

    assert any(words in told for words in ("is no page of an index", "names no file", "could not be fetched")), told
    assert "spelling" not in told


@dataclass(frozen=True)
class Wheel:
    """A wheel that an index serves.

    Attributes:
        files: What is in it, besides `alpha.py`: by name, or with all that a zip says of it.
        refused: Whether it must not be installed at all.
    """

    files: Mapping[Any, bytes]
    refused: bool = False


def link(name: str) -> zipfile.ZipInfo:
    """An entry that is a symbolic link."""
    entry = zipfile.ZipInfo(name)
    entry.create_system, entry.external_attr = 3, 0o120777 << 16
    return entry


INSIDE, NOT = "nothing is written outside of its folder", "it is refused"
SECRET = b"/etc/passwd"
WHEELS = [
    Row("a wheel's entry leads upwards", INSIDE, Wheel({"../../../../escaped": b"x"}), "R9"),
    Row("a wheel's entry is an absolute path", INSIDE, Wheel({"/tmp/functions-model-escaped": b"x"}), "R9"),
    Row("a wheel's entry leads upwards in Windows' way", INSIDE, Wheel({"..\\..\\escaped": b"x"}), "R9"),
    Row("a wheel's entry is a link to a file of this machine", "no link", Wheel({link("alpha_link"): SECRET}), "R9"),
    Row("a wheel's scripts lead upwards", INSIDE, Wheel({"alpha-1.0.data/scripts/../../../../escaped": b"x"}), "R9"),
    Row("a wheel's data lead upwards", INSIDE, Wheel({"alpha-1.0.data/data/../../../../escaped": b"x"}), "R9"),
    Row("a wheel has a file below a link", NOT, Wheel({link("evil"): b"/tmp", "evil/x": b"x"}, refused=True), "R9"),
    Row("a wheel has two files of one name", NOT, Wheel({zipfile.ZipInfo("alpha.py"): b"x = 2"}, refused=True)),
    Row("a wheel has a name of two lines", NOT, Wheel({"a\nb.py": b""}, refused=True)),
    Row("a wheel has a name that reads backwards", NOT, Wheel({"a\u202eyp.exe": b""}, refused=True)),
    Row("a wheel has a name of 300 letters", NOT, Wheel({"a" * 300: b""}, refused=True)),
    Row(
        "a wheel has the metadata of two packages",
        NOT,
        Wheel({"b-1.dist-info/METADATA": b""}, refused=True),
    ),
]


@pytest.mark.exhaustive
@each(WHEELS)
def test_a_wheel(row: Row[Wheel], world: World) -> None:
    """What an index serves is installed inside, or not at all."""
    wheel = write_wheel(world.index.folder, "alpha", "1.0")
    world.index.uploaded[wheel.name] = LATELY
    with zipfile.ZipFile(wheel, "a") as archive, warnings.catch_warnings(action="ignore"):
        for name, content in row.case.files.items():
            archive.writestr(name, content)
    before = {path.name for path in world.folder.parent.iterdir()}

    if row.case.refused:
        with pytest.raises(EnvironmentFailed):
            world.install("--index-url INDEX\nalpha\n")
    else:
        site = world.install("--index-url INDEX\nalpha\n")
        assert (site / "alpha.py").is_file()
        assert [] == [path for path in site.rglob("*") if path.is_symlink()]
    assert not list(world.folder.rglob("escaped"))
    assert before == {path.name for path in world.folder.parent.iterdir()}


NAMES = [
    Row("an index has a package with a name of 10,000 letters", "it is told within a second", "A" * 10_000),
    Row("an index has a package with a name of 10,000 dots", "it is told within a second", "a" + "." * 10_000),
    Row("an index has a package with 10,000 versions in one word", "it is told within a second", "a" + ",<1" * 10_000),
]


@each(NAMES)
def test_words_of_an_index_in_what_uv_says(row: Row[str]) -> None:
    """Patterns looked at such a word from each letter, in each length: for hours."""
    words = f"Because {row.case} was not found and you require {row.case}, we can conclude\n{row.case}"
    began = time.process_time()
    explain("resolve", [words], EnvironmentRequest(None, None, ()), Target("3.11", "linux"))
    blamed(words)

    assert time.process_time() - began < 1


RECORDS = [
    Row("a RECORD names a file outside by way of a standard module", INSIDE, "enum/../../victim,,\n", "R9"),
    Row("a RECORD names a file outside from its start", INSIDE, "../victim,,\n", "R9"),
    Row("a RECORD names a file outside twice", INSIDE, "uuid/../../victim,,\nenum/x/../../../victim,,\n", "R9"),
]


@each(RECORDS)
def test_a_record_of_a_wheel(row: Row[str], tmp_path: Path) -> None:
    """Modules that hide the standard library's are removed by what the wheel says of itself: inside alone."""
    site, victim = tmp_path / "site", tmp_path / "victim"
    for folder in ("enum/x", "uuid", "alpha-1.0.dist-info"):
        (site / folder).mkdir(parents=True)
    victim.write_text("mine")
    (site / "alpha-1.0.dist-info/RECORD").write_text(row.case + "uuid/__init__.py,,\n")

    take_out_hiding(site, "3.11")

    assert victim.is_file()


METADATA = [
    Row("a package needs something in 20,000 brackets", "the line is left out", b"beta; " + b"(" * 20_000, "R8"),
    Row("a package needs something where systems are alike", "the line is left out", b"beta; os_name ~= 'posix'"),
    Row("a package needs half a pair of UTF-16", "the line is left out", b"\xed\xa0\x80"),
]


@each(METADATA)
def test_what_a_package_says_that_it_needs(row: Row[bytes]) -> None:
    """The rest of it is read."""
    told = b"Metadata-Version: 2.1\nName: alpha\nRequires-Dist: " + row.case + b"\nRequires-Dist: gamma\n\n"
    [found] = distributions_in({"alpha-1.0.dist-info/METADATA": TreeFile("x", told)}, "3.11")

    assert found.requires[-1:] == ("gamma",)


@pytest.mark.parametrize("record", [b'"' + b"a" * 200_000, b"\xff\xfe,,\n", b"a,b\n\n,,,,,\n"])
def test_a_list_of_files_that_cannot_be_read(record: bytes) -> None:
    """The package is there, and nothing is known of its files."""
    [found] = distributions_in({"alpha-1.0.dist-info/RECORD": TreeFile("x", record)}, "3.11")

    assert ("alpha", 0) == (found.name, found.size)


class TestMemory:
    """An index can answer with a page of a megabyte that unpacks to any size, and uv reads it whole."""

    def test_uv_has_a_bound(self, tmp_path: Path) -> None:
        """Below what the machine has: no other process is ended in its place."""
        program = tmp_path / "uv"
        program.write_text("#!/bin/sh\nsleep 0.5\nulimit -d >&2\nexit 1\n")
        program.chmod(0o755)
        with pytest.raises(UvRefused) as refused:
            run_uv([], cwd=tmp_path, environ=os.environ, indexes=IndexSettings(), program=str(program))
        has = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1024

        assert 0 < int(refused.value.words) < has

    def test_what_uv_says_at_its_bound_is_told(self) -> None:
        """Not as a fault of the environment file."""
        problem = machine_problem("uv was ended by the signal SIGABRT\nmemory allocation of 4294967296 bytes failed")

        assert problem is not None
        assert "more memory" in problem.remedy
