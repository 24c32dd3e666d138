"""Conda environments solved and installed from a channel in a folder, with wheels from another folder on top."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any

import pytest

from functions_model.core.build import Solver
from functions_model.core.failures import EnvironmentFailed
from functions_model.core.secrets import Secret
from functions_model.environment import install, read_environment, resolve
from functions_model.environment.conda_solving import distribution_at, solve_conda
from functions_model.environment.rattler_tool import load_rattler
from functions_model.environment.request import CondaChannel
from support.conda_channel import GREETING, LIBCOLOUR, CondaPackage, python_stub, write_channel, write_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from functions_model.core.work import Progress
    from functions_model.environment import EnvironmentRequest, Lock
    from functions_model.environment.installing import Installed

SERVER = "azureml-inference-server-http"
PACKAGES = (python_stub(), GREETING, LIBCOLOUR)
SIX = CondaPackage(
    "six",
    "1.16.0",
    {"site-packages/six.py": b"", "site-packages/six-1.16.0.dist-info/METADATA": b"Name: six\nVersion: 1.16.0\n"},
    depends=("python",),
    noarch="python",
)


def request_in(
    folder: Path,
    *specs: str,
    pip: Iterable[str] = (),
    packages: Iterable[CondaPackage] = PACKAGES,
    wheels: Mapping[str, Iterable[str]] | None = None,
) -> EnvironmentRequest:
    """The request of a conda file in a folder, with a channel and with wheels (`name==version`: what they require)."""
    write_channel(folder / "channel", packages)
    for wheel, requires in {f"{SERVER}==1.5": (), **(wheels or {})}.items():
        name, _, version = wheel.partition("==")
        write_wheel(folder / "wheels", name, version, requires)
    lines = ["channels: [./channel]", "dependencies:", *(f"- {spec}" for spec in specs), "- pip:"]
    lines += [f"  - {line}" for line in ("--no-index", "--find-links wheels", *pip)]
    (folder / "environment.yml").write_text("\n".join(lines) + "\n")
    return read_environment(folder / "environment.yml", root=folder, environ={}, solver=Solver.CONDA)


def environ_in(folder: Path) -> dict[str, str]:
    """A process environment whose caches lie in the folder."""
    return {"PATH": os.environ["PATH"], "XDG_CACHE_HOME": str(folder / "cache")}


def lock_in(folder: Path, *specs: str, **given: Any) -> Lock:
    """The lock of such a request."""
    request = request_in(folder, *specs, **given)
    return resolve(request, "3.11", work=folder / "resolve", environ=environ_in(folder))


def solved_in(folder: Path, *specs: str, packages: Iterable[CondaPackage]) -> dict[str, str]:
    """The versions of the conda packages of such a request, by name."""
    request, environ = request_in(folder, *specs, packages=packages), environ_in(folder)
    assert request.conda
    lock, _ = solve_conda(request.conda, "3.11", load_rattler(environ), cache=folder / "cache")
    return {package.name: package.version for package in lock.packages}


def installed_in(folder: Path, lock: Lock) -> Installed:
    """A lock installed below a folder, with caches of its own."""
    return install(lock, "3.11", folder / "packages", work=folder / "work", environ=environ_in(folder))


def files_of(folder: Path | None) -> dict[str, str]:
    """Every file's content as a hash, with its mode; a link's target."""
    assert folder
    return {
        path.relative_to(folder).as_posix(): path.readlink().as_posix()
        if path.is_symlink()
        else f"{hashlib.sha256(path.read_bytes()).hexdigest()} {path.stat().st_mode:o}"
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


class TestLock:
    """`resolve` with conda packages."""

    def test_names_every_conda_package_with_its_hash(self, tmp_path: Path) -> None:
        """Channel by name, folder, file and hash: no host and no path. Below that it is a requirements file."""
        lock = lock_in(tmp_path, "python=3.11", "greeting-words=1.2", pip=["six"], wheels={"six==1.17.0": ()})

        assert lock.conda
        assert [
            "channel/noarch/greeting-words-1.2.0-0.conda",
            "channel/linux-64/libcolour-2.1-0.tar.bz2",
            "channel/linux-64/python-3.11.9-0.conda",
        ] == [str(package).partition(" sha256:")[0] for package in lock.conda.packages]
        content = (tmp_path / "channel/noarch/greeting-words-1.2.0-0.conda").read_bytes()
        assert f"# {lock.conda.packages[0]}\n" in lock.text
        assert hashlib.sha256(content).hexdigest() == lock.conda.packages[0].sha256
        assert [SERVER, "six"] == [package.name for package in lock.packages]
        assert str(tmp_path) not in lock.text

    def test_is_the_same_wherever_it_is_made(self, tmp_path: Path) -> None:
        """The same request in another folder, with other caches, gives the same text."""
        locks = [lock_in(tmp_path / name, "python=3.11", "greeting-words") for name in ("here", "there")]

        assert locks[0].text == locks[1].text
        assert locks[0].digest == locks[1].digest

    def test_leaves_out_wheels_that_conda_brings(self, tmp_path: Path) -> None:
        """A wheel may need what only conda has, and what both have is not installed twice."""
        wheels = {"polite==2.0": ("greeting-words>=1.1", "six"), "six==1.17.0": ()}
        packages = (*PACKAGES, SIX)

        lock = lock_in(tmp_path, "python", "greeting-words", "six", pip=["polite"], packages=packages, wheels=wheels)

        assert [SERVER, "polite"] == [package.name for package in lock.packages]
        assert "six==" not in lock.text

    def test_refuses_wheels_that_do_not_fit_what_conda_brings(self, tmp_path: Path) -> None:
        """They would replace it, or break on it."""
        with pytest.raises(EnvironmentFailed, match=r"`six`|no versions? fit") as failure:
            lock_in(tmp_path, "six", pip=["six==1.17.0"], packages=(*PACKAGES, SIX), wheels={"six==1.17.0": ()})

        assert "is the one that the conda packages bring" in failure.value.detail

    @pytest.mark.parametrize(
        ("spec", "line", "said"),
        [
            ("greeting-words=1.3", 4, "none of the channels has `greeting-words=1.3`"),
            ("nothing-like-it", 4, "none of the channels has `nothing-like-it`"),
            ("channel::greeting-words >=2", 4, "none of the channels has `channel::greeting-words >=2`"),
            ("greeting-words=1.2=py*", 4, "the build `py*` of `greeting-words` is in none of the channels for Linux"),
            ("greeting-words>=1,", 4, "is not a conda dependency"),
        ],
    )
    def test_tells_what_cannot_be_had_on_its_line(self, spec: str, line: int, said: str, tmp_path: Path) -> None:
        """What is missing, and the line that asks for it."""
        with pytest.raises(EnvironmentFailed, match=re.escape(said)) as failure:
            lock_in(tmp_path, "python=3.11", spec)

        assert [line] == [problem.location.line for problem in failure.value.problems if problem.location]

    def test_tells_what_an_export_of_another_system_holds(self, tmp_path: Path) -> None:
        """Each line at once, with what to write; and the file after it has a lock.

        A wheel that needs what conda brings is none of them.
        """
        wheels = {"needy==1": ("greeting-words",)}
        exported = ("python=3.11.9=h1", "vc=14.3=hc", "libcolour=2.1=hw", "greeting-words=1.2.0=0", "libcxx=16")
        packages = (
            *PACKAGES,
            CondaPackage("vc", "14.3", {}, system="win-64", build="hc"),
            CondaPackage("libcxx", "16", {}, system="osx-64"),
            CondaPackage("libcxx", "16", {}, system="osx-arm64"),
            replace(LIBCOLOUR, system="win-64", build="hw"),
            replace(python_stub(), system="win-64", build="h1"),
        )

        with pytest.raises(EnvironmentFailed) as failure:
            lock_in(tmp_path, *exported, packages=packages, pip=["myown==0.1", "needy"], wheels=wheels)

        assert [
            (3, "the build `h1` of `python` is one for Windows", "Write `python=3.11.9`."),
            (4, "`vc` is for Windows only", "Remove the line."),
            (5, "the build `hw` of `libcolour` is one for Windows", "Write `libcolour=2.1`."),
            (7, "`libcxx` is for macOS only", "Remove the line."),
            (11, "the index has no package `myown`", ""),
        ] == [
            (one.location.line, one.what, one.remedy.partition("`conda env export --from-history`")[0].rstrip())
            if "conda" in one.remedy
            else (one.location.line, one.what, "")
            for one in failure.value.problems
            if one.location
        ]
        mended = ("python=3.11.9", "libcolour=2.1", "greeting-words=1.2.0=0")
        assert lock_in(tmp_path, *mended, packages=packages, pip=["needy"], wheels=wheels).conda

    def test_takes_the_python_that_was_chosen(self, tmp_path: Path) -> None:
        """The worker of the base image fits one minor alone."""
        packages = (*PACKAGES, python_stub("3.12.4"), python_stub("3.10.2"))

        assert "3.11.9" == solved_in(tmp_path, "python>=3.10", "libcolour", packages=packages)["python"]

    @pytest.mark.parametrize(
        ("needed", "fits"), [("__glibc >=2.28", True), ("__glibc >=2.36", False), ("__cuda", False)]
    )
    def test_solves_for_the_image_and_not_for_this_machine(self, needed: str, *, fits: bool, tmp_path: Path) -> None:
        """The oldest base image has glibc 2.31, and none has a GPU."""
        packages = (*PACKAGES, CondaPackage("picky", "1", {}, depends=(needed,)), CondaPackage("picky", "0", {}))

        assert ("1" if fits else "0") == solved_in(tmp_path, "picky", packages=packages)["picky"]

    def test_tells_a_channel_that_cannot_be_read(self, tmp_path: Path) -> None:
        """A folder that is none; a token in an URL is not shown."""
        request = request_in(tmp_path, "libcolour")
        shutil.rmtree(tmp_path / "channel/noarch")

        with pytest.raises(EnvironmentFailed, match="a conda channel could not be read"):
            resolve(request, "3.11", work=tmp_path / "resolve", environ=environ_in(tmp_path))

    def test_tells_a_package_that_cannot_be_read(self, tmp_path: Path) -> None:
        """One that the channel names and does not have."""
        request = request_in(tmp_path, "python", "greeting-words")
        (tmp_path / "channel/noarch/greeting-words-1.2.0-0.conda").unlink()

        with pytest.raises(EnvironmentFailed, match="Could not read the conda packages"):
            resolve(request, "3.11", work=tmp_path / "resolve", environ=environ_in(tmp_path))


@pytest.fixture(scope="module")
def greeting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The prefix of an environment with `greeting-words`."""
    folder = tmp_path_factory.mktemp("greeting")
    prefix = installed_in(folder, lock_in(folder, "greeting-words")).conda
    assert prefix
    return prefix


class TestInstall:
    """`install` with conda packages."""

    def test_two_machines_give_the_same_files(self, tmp_path: Path) -> None:
        """Other folders, other caches, the same bytes, and nothing of either machine in them."""
        lock = lock_in(tmp_path, "python=3.11", "greeting-words", pip=["six"], wheels={"six==1.17.0": ()})

        one, two = (installed_in(tmp_path / name, lock) for name in ("one", "another-name"))

        assert files_of(one.conda) == files_of(two.conda)
        assert files_of(one.site_packages) == files_of(two.site_packages)
        assert one.conda
        held = [path for path in one.conda.rglob("*") if path.is_file() and str(tmp_path).encode() in path.read_bytes()]
        assert [] == held

    def test_a_cache_that_somebody_changed(self, tmp_path: Path) -> None:
        """A file that was changed where it was installed, and so in the cache, does not get into a later prefix."""
        lock, environ = lock_in(tmp_path, "python=3.11", "greeting-words"), environ_in(tmp_path)
        whole = install(lock, "3.11", tmp_path / "p", work=tmp_path / "one", environ=environ)
        before = files_of(whole.conda)
        assert whole.conda
        with (whole.conda / "lib/python3.11/site-packages/greeting/__init__.py").open("a") as file:
            file.write("# our own authority\n")

        later = install(lock, "3.11", tmp_path / "p2", work=tmp_path / "two", environ=environ)

        assert before == files_of(later.conda)
        assert [True] == ["greeting/__init__.py" in warning for warning in later.warnings]
        assert () == whole.warnings

    def test_paths_are_those_of_the_image(self, greeting: Path) -> None:
        """In texts, in binaries whose length must stay, and in the commands that conda writes itself."""
        assert (greeting / "bin/colour-config").read_text() == "#!/bin/sh\necho /opt/conda/share/colours\n"
        assert (greeting / "bin/greet").read_text().startswith("#!/opt/conda/bin/python3.11\n")
        binary = (greeting / "lib/libcolour.so.2").read_bytes()
        original = LIBCOLOUR.files["lib/libcolour.so.2"]
        assert b"/opt/conda/share/colours\0" in binary
        assert (len(original), original[-256:]) == (len(binary), binary[-256:])

    def test_python_packages_lie_where_that_python_looks(self, greeting: Path) -> None:
        """Those of `noarch: python` too, links stay links, and there is no byte code."""
        found = files_of(greeting)

        assert "lib/python3.11/site-packages/greeting/__init__.py" in found
        assert ("python3.11", "libcolour.so.2") == (found["bin/python"], found["lib/libcolour.so"])
        assert [] == [path for path in found if path.endswith(".pyc")]

    def test_says_what_is_installed_without_where_from(self, greeting: Path) -> None:
        """Conda and scanners read `conda-meta`; URLs, dates and this machine's paths are not in it."""
        record = json.loads((greeting / "conda-meta/greeting-words-1.2.0-0.json").read_bytes())

        assert ("greeting-words", "1.2.0", "channel") == (record["name"], record["version"], record["channel"])
        assert "bin/greet" in record["files"]
        assert set() == {"url", "link", "extracted_package_dir"} & set(record)
        assert not (greeting / "conda-meta/history").exists()

    def test_warns_of_what_does_not_happen(self, tmp_path: Path) -> None:
        """No script of a package is run, no environment is activated; a link that leads nowhere is left out."""
        files: dict[str, bytes | str] = {
            "bin/.picky-post-link.sh": f"#!/bin/sh\ntouch {tmp_path}/ran\n".encode(),
            "etc/conda/activate.d/picky.sh": b"export PICKY=1\n",
            "share/nowhere": "gone",
        }
        packages = (*PACKAGES, CondaPackage("picky", "1", files, executables=("bin/.picky-post-link.sh",)))

        done = installed_in(tmp_path, lock_in(tmp_path, "picky", packages=packages))

        assert [True, True] == ["`picky`" in warning for warning in done.warnings]
        assert not (tmp_path / "ran").exists()
        assert "share/nowhere" not in files_of(done.conda)

    def test_conda_may_bring_everything(self, tmp_path: Path) -> None:
        """Then no wheel is installed."""
        server = replace(SIX, name=SERVER, files={"site-packages/server.py": b""})

        done = installed_in(tmp_path, lock_in(tmp_path, SERVER, packages=(*PACKAGES, server)))

        assert {} == files_of(done.site_packages)
        assert "lib/python3.11/site-packages/server.py" in files_of(done.conda)

    def test_refuses_a_package_that_is_not_the_lock_s(self, tmp_path: Path) -> None:
        """Its hash is checked, in a folder too."""
        lock = lock_in(tmp_path, "python", "greeting-words")
        write_channel(tmp_path / "channel", [replace(GREETING, license="other")])

        with pytest.raises(EnvironmentFailed, match="its hash differs") as failure:
            installed_in(tmp_path, lock)

        assert [4] == [problem.location.line for problem in failure.value.problems if problem.location]

    def test_refuses_a_folder_that_holds_something(self, tmp_path: Path) -> None:
        """What is there already would end up in the image."""
        lock = lock_in(tmp_path, "libcolour")
        (tmp_path / "work/conda").mkdir(parents=True)
        (tmp_path / "work/conda/x").touch()

        with pytest.raises(ValueError, match="is not empty"):
            installed_in(tmp_path, lock)

    def test_tells_its_progress(self, tmp_path: Path) -> None:
        """A beginning and an end of every part."""
        told: list[Progress] = []
        request = request_in(tmp_path, "libcolour")
        lock = resolve(request, "3.11", work=tmp_path / "r", report=told.append, environ=environ_in(tmp_path))
        install(lock, "3.11", tmp_path / "p", work=tmp_path / "w", report=told.append, environ=environ_in(tmp_path))

        parts = ["resolve conda packages", "resolve dependencies", "install conda packages", "install dependencies"]
        assert parts == list(dict.fromkeys(one.task for one in told))
        assert parts == [one.task for one in told if one.finished]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The URL that serves the folder below `/t/hunter2/`, as channels with tokens are served, and nothing elsewhere."""

    class Handler(SimpleHTTPRequestHandler):
        def translate_path(self, path: str) -> str:
            inside = path.startswith("/t/hunter2/")
            return super().translate_path(path.removeprefix("/t/hunter2") if inside else "/none")

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=tmp_path)) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


class TestRemoteChannels:
    """Channels by their URL."""

    @pytest.fixture
    def remote(self, tmp_path: Path, served: str) -> Callable[[str], EnvironmentRequest]:
        """The request for a package of the served channel, with that token."""

        def ask(token: str) -> EnvironmentRequest:
            asked = request_in(tmp_path, "greeting-words")
            assert asked.conda
            channel = CondaChannel("channel", Secret(f"{served}/t/{token}/channel"))
            return replace(asked, conda=replace(asked.conda, channels=(channel,)))

        return ask

    def test_a_token_opens_and_is_kept_nowhere(
        self, tmp_path: Path, remote: Callable[[str], EnvironmentRequest]
    ) -> None:
        """Not in the lock, not in the image, and not in a cache that stays on the machine. Downloads are told."""
        lock = resolve(remote("hunter2"), "3.11", work=tmp_path / "work", environ=environ_in(tmp_path))
        told: list[Progress] = []
        done = install(
            lock,
            "3.11",
            tmp_path / "packages",
            work=tmp_path / "work",
            report=told.append,
            environ=environ_in(tmp_path),
        )

        assert "lib/python3.11/site-packages/greeting/__init__.py" in files_of(done.conda)
        assert [] != [one for one in told if one.task == "install conda packages" and one.done and not one.finished]
        assert "hunter2" not in lock.text + repr(lock)
        written = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert [] == [path for path in written if b"hunter2" in path.read_bytes()]

    def test_a_token_that_is_refused_is_not_shown(
        self, tmp_path: Path, remote: Callable[[str], EnvironmentRequest]
    ) -> None:
        """The failure names what to check."""
        with pytest.raises(EnvironmentFailed, match=r"a conda channel could not be read.*its token") as failure:
            resolve(remote("mistaken"), "3.11", work=tmp_path / "work", environ=environ_in(tmp_path))

        assert "mistaken" not in str(failure.value) + failure.value.detail

    def test_refuses_a_download_that_is_not_the_lock_s(
        self, tmp_path: Path, remote: Callable[[str], EnvironmentRequest]
    ) -> None:
        """Whatever the server gives, its hash is checked."""
        lock = resolve(remote("hunter2"), "3.11", work=tmp_path / "work", environ=environ_in(tmp_path))
        write_channel(tmp_path / "channel", [replace(GREETING, license="other")])

        with pytest.raises(EnvironmentFailed, match="a conda package is not what its channel says") as failure:
            installed_in(tmp_path, lock)

        assert "hunter2" not in str(failure.value) + failure.value.detail


class TestDistributions:
    """`distribution_at`."""

    @pytest.mark.parametrize(
        ("path", "found"),
        [
            ("site-packages/six-1.16.0.dist-info/METADATA", "six 1.16.0+conda"),
            ("lib/python3.11/site-packages/ruamel.yaml-0.18.dist-info/RECORD", "ruamel-yaml 0.18+conda"),
            ("lib/python3.11/site-packages/Foo_Bar-2-py3.11.egg-info/PKG-INFO", "foo-bar 2+conda"),
            ("lib/python3.11/site-packages/foo-2.egg-info", "foo 2+conda"),
            ("site-packages/torch-2.3.0+cpu.dist-info/METADATA", "torch 2.3.0+cpu.conda"),
            ("site-packages/foo-unknown.dist-info/METADATA", None),
            ("site-packages/six.py", None),
            ("share/six-1.16.0.dist-info/METADATA", None),
        ],
    )
    def test_reads_names_and_versions(self, path: str, found: str | None) -> None:
        """From the folder of the metadata; the stand-in's version is one that no index has."""
        one = distribution_at(path)

        assert found == (f"{one.name} {one.stand_in}" if one else None)
