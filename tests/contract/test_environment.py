"""uv itself: resolving and installing, for Pythons that need not be here."""

from __future__ import annotations

import base64
import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import zipfile
from typing import TYPE_CHECKING

import pytest

from functions_model.core.failures import EnvironmentFailed, Location
from functions_model.environment import EnvironmentRequest, Lock, install, read_environment, resolve

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.exhaustive

SERVER = "azureml-inference-server-http"


def make_wheel(
    folder: Path, name: str, version: str, *, tag: str = "py3-none-any", requires: str = "", lies: bool = False
) -> str:
    """A small wheel with one module, one script entry and byte code of a careless builder; gives its hash.

    `lies`: its RECORD says something else of each file.
    """
    module = name.replace("-", "_")
    information = f"{module}-{version}.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
    files = {
        f"{module}/__init__.py": f"__version__ = '{version}'\n",
        f"{module}/__pycache__/__init__.cpython-311.pyc": "x",
        f"{information}/METADATA": metadata + (f"Requires-Dist: {requires}\n" if requires else ""),
        f"{information}/WHEEL": f"Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: {tag}\n",
        f"{information}/entry_points.txt": f"[console_scripts]\n{name}-run = {module}:__name__\n",
    }
    lie = "!" if lies else ""
    record = "".join(f"{path},{_record_hash(text + lie)},{len(text)}\n" for path, text in files.items())
    wheel = folder / f"{module}-{version}-{tag}.whl"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in {**files, f"{information}/RECORD": f"{record}{information}/RECORD,,\n"}.items():
            archive.writestr(path, text)
    return f"sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}"


def make_source(folder: Path, name: str, version: str, *, requires: str = "", build: str = "") -> str:
    """A source package; gives its hash. `build` is what its build runs, beyond saying what it depends on."""
    metadata = f"Metadata-Version: {'1.1' if build else '2.2'}\nName: {name}\nVersion: {version}\n"
    files = {
        "PKG-INFO": metadata + (f"Requires-Dist: {requires}\n" if requires else ""),
        "pyproject.toml": '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["."]\n',
        "own.py": build,
    }
    archive = folder / f"{name}-{version}.tar.gz"
    with tarfile.open(archive, "w:gz") as packed:
        for path, text in files.items():
            entry = tarfile.TarInfo(f"{name}-{version}/{path}")
            entry.size = len(text)
            packed.addfile(entry, io.BytesIO(text.encode()))
    return f"sha256:{hashlib.sha256(archive.read_bytes()).hexdigest()}"


def _record_hash(text: str) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def request(folder: Path, text: str) -> EnvironmentRequest:
    """What a requirements file asks for, with wheels from the folder beside it and from nowhere else."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "wheels").mkdir(exist_ok=True)
    (folder / "requirements.txt").write_text(f"--no-index\n--find-links wheels\n{text}")
    return read_environment(folder / "requirements.txt", environ={})


def tree(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """Every file's content and whether it may be executed."""
    return {
        file.relative_to(folder).as_posix(): (file.read_bytes(), os.access(file, os.X_OK))
        for file in folder.rglob("*")
        if file.is_file()
    }


@pytest.fixture
def offline(tmp_path: Path) -> Path:
    """A folder with wheels of the inference server and a few packages, instead of an index."""
    wheels = tmp_path / "wheels"
    make_wheel(wheels, SERVER, "1.5.1")
    make_wheel(wheels, "tool", "1.0", requires="part>=2")
    make_wheel(wheels, "part", "2.0")
    make_wheel(wheels, "part", "3.0")
    make_wheel(wheels, "compiled", "1.0", tag="cp311-cp311-manylinux_2_28_x86_64")
    make_wheel(wheels, "foreign", "1.0", tag="cp311-cp311-manylinux_2_28_aarch64")
    return tmp_path


class TestResolve:
    """`resolve`, without a network."""

    def test_lock(self, offline: Path) -> None:
        """The whole tree with versions and hashes, and nothing of this machine."""
        lock = resolve(request(offline, "tool\n"), "3.13", work=offline / "work")

        assert [("azureml-inference-server-http", "1.5.1"), ("part", "3.0"), ("tool", "1.0")] == [
            (package.name, package.version) for package in lock.packages
        ]
        assert lock.text.startswith("# Python 3.13, x86_64-manylinux_2_28\nazureml-inference-server-http==1.5.1 \\\n")
        assert 3 == lock.text.count("--hash=sha256:")
        assert str(offline) not in lock.text

    def test_same_request_same_lock(self, offline: Path) -> None:
        """In another folder too."""
        one = resolve(request(offline, "tool\n"), "3.11", work=offline / "one")
        two = resolve(request(offline, "tool\n"), "3.11", work=offline / "elsewhere" / "two")

        assert (one.text, one.digest) == (two.text, two.digest)

    def test_another_python_another_lock(self, offline: Path) -> None:
        """The digest stands for an environment, and a Python is a part of it."""
        asked = request(offline, "tool\n")

        assert resolve(asked, "3.11", work=offline / "a").digest != resolve(asked, "3.12", work=offline / "b").digest

    def test_constraints_markers_and_foreign_python(self, offline: Path) -> None:
        """Markers are those of the image's Python, not of the one that runs here."""
        (offline / "limits.txt").write_text("part<3\n")
        text = "-c limits.txt\ntool\ncompiled; python_version == '3.11'\nforeign; sys_platform == 'darwin'\n"

        eleven = resolve(request(offline, text), "3.11", work=offline / "a")
        thirteen = resolve(request(offline, text), "3.13", work=offline / "b")

        assert {"compiled"} == {one.name for one in eleven.packages} - {one.name for one in thirteen.packages}
        assert "part==2.0" in thirteen.text

    @pytest.mark.parametrize(
        ("text", "what", "line"),
        [
            ("tool==9\n", "tool", 3),
            ("tool\nnowhere\n", "nowhere", 4),
            ("tool\npart<2\n", "part", 4),
        ],
    )
    def test_refusals(self, text: str, what: str, line: int, offline: Path) -> None:
        """The package and its line are named, and uv's own words are the detail."""
        with pytest.raises(EnvironmentFailed) as failure:
            resolve(request(offline, text), "3.12", work=offline / "work")

        problem = failure.value.problems[0]
        assert what in problem.what
        assert problem.location == Location(offline / "requirements.txt", line)
        assert "unsatisfiable" in failure.value.detail

    @pytest.mark.parametrize(("package", "python"), [("compiled", "3.13"), ("foreign", "3.11")])
    def test_no_wheel(self, package: str, python: str, offline: Path) -> None:
        """A package without a wheel for the image's Python or platform is named, with the way out."""
        with pytest.raises(EnvironmentFailed) as failure:
            resolve(request(offline, f"{package}\n"), python, work=offline / "work")

        assert f"`{package}==1.0` has no wheel for Python {python} on x86_64-manylinux_2_28" in str(failure.value)
        assert "--find-links" in str(failure.value)

    def test_hashes_of_the_user(self, offline: Path) -> None:
        """Of the hashes that an index offers, only those that the user allows are in the lock."""
        good = make_wheel(offline / "wheels", "pinned", "1.0")

        lock = resolve(request(offline, f"pinned==1.0 --hash={good}\n"), "3.12", work=offline / "work")

        assert [(good,)] == [package.hashes for package in lock.packages if package.name == "pinned"]

    def test_wrong_hash_of_the_user(self, offline: Path) -> None:
        """What the index has is not what the user allows."""
        text = f"part==2.0 --hash=sha256:{'0' * 64}\n"

        with pytest.raises(EnvironmentFailed, match=r"part==2\.0"):
            resolve(request(offline, text), "3.12", work=offline / "work")

    def test_folders_of_the_step(self, offline: Path) -> None:
        """They come on top of those that the file names, whatever a folder is called."""
        others = offline / "others, of mine"
        make_wheel(others, "rare", "1.0")
        environ = {**os.environ, "UV_FIND_LINKS": others.as_uri()}

        lock = resolve(request(offline, "tool\nrare\n"), "3.12", work=offline / "work", environ=environ)

        assert {"tool", "rare"} <= {package.name for package in lock.packages}

    def test_user_configuration_is_not_read(self, offline: Path) -> None:
        """A uv.toml on the way up from the working folder would change what is resolved."""
        (offline / "uv.toml").write_text('[pip]\nconstraints = ["part<3"]\nprerelease = "nonsense"\n')

        assert "part==3.0" in resolve(request(offline, "tool\n"), "3.12", work=offline / "work").text

    def test_password_of_an_index(self, offline: Path) -> None:
        """It is in no message and no lock."""
        path = offline / "index.txt"
        path.write_text("--index-url https://user:hunter2@localhost:1/simple\ntool\n")
        environ = {**os.environ, "UV_HTTP_RETRIES": "0"}

        with pytest.raises(EnvironmentFailed, match="could not be fetched") as failure:
            resolve(read_environment(path), "3.12", work=offline / "work", environ=environ)

        assert "hunter2" not in str(failure.value) + failure.value.detail
        assert not [file for file in (offline / "work").rglob("*") if b"hunter2" in file.read_bytes()]


class TestExactLocks:
    """A lock holds the files that fit the image, and no others."""

    TAGS = (
        "cp312-cp312-manylinux_2_28_x86_64",
        "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64",
        "cp39-abi3-manylinux_2_17_x86_64",
        "py3-none-any",
    )
    FOREIGN_TAGS = (
        "cp311-cp311-manylinux_2_28_x86_64",
        "cp313-abi3-manylinux_2_28_x86_64",
        "cp312-cp312-manylinux_2_39_x86_64",
        "cp312-cp312-manylinux_2_28_aarch64",
        "cp312-cp312-musllinux_1_2_x86_64",
        "cp312-cp312-macosx_11_0_arm64",
        "cp312-cp312-win_amd64",
        "cp312-cp312t-manylinux_2_28_x86_64",
    )

    def test_hashes(self, offline: Path) -> None:
        """Those for the Python minor, its stable ABI, the platform's glibc, or any platform."""
        fitting = {make_wheel(offline / "wheels", "many", "1.0", tag=tag) for tag in self.TAGS}

        lock = resolve(request(offline, "many\n"), "3.12", work=offline / "work")

        assert [fitting] == [set(package.hashes) for package in lock.packages if package.name == "many"]

    def test_later_wheels_for_other_platforms(self, offline: Path) -> None:
        """They change no lock, and so no image."""
        make_wheel(offline / "wheels", "many", "1.0", tag=self.TAGS[0])
        before = resolve(request(offline, "many\n"), "3.12", work=offline / "before")
        for tag in self.FOREIGN_TAGS:
            make_wheel(offline / "wheels", "many", "1.0", tag=tag)
        make_source(offline / "wheels", "many", "1.0")

        assert before == resolve(request(offline, "many\n"), "3.12", work=offline / "after")

    def test_fitting_hashes_of_the_user(self, offline: Path) -> None:
        """Of hashes for several platforms, as other tools write them, the image's own remains."""
        good = make_wheel(offline / "wheels", "many", "1.0", tag=self.TAGS[0])
        foreign = make_wheel(offline / "wheels", "many", "1.0", tag=self.FOREIGN_TAGS[5])
        text = f"many==1.0 --hash={foreign} --hash={good}\n"

        lock = resolve(request(offline, text), "3.12", work=offline / "work")

        assert [(good,)] == [package.hashes for package in lock.packages if package.name == "many"]


class TestMissingWheels:
    """Packages that have no wheel that fits."""

    @pytest.fixture
    def without(self, offline: Path) -> Path:
        """Three packages without a wheel, the last of them behind another, and one whose build breaks everything."""
        make_source(offline / "wheels", "first", "1.0")
        make_source(offline / "wheels", "deep", "1.0")
        make_wheel(offline / "wheels", "shallow", "1.0", requires="deep")
        make_source(offline / "wheels", "breaks", "1.0", build="raise RuntimeError('it was run')\n")
        return offline

    def test_all_at_once(self, without: Path) -> None:
        """Each on its line, or on the line of what depends on it, with the ways out. Nobody's build is run."""
        asked = request(without, "tool\nfirst\nshallow\nbreaks\nforeign\n")

        with pytest.raises(EnvironmentFailed) as failure:
            resolve(asked, "3.11", work=without / "work")

        found = {
            (problem.what.split("`")[1].partition("=")[0], problem.location.line)
            for problem in failure.value.problems
            if problem.location
        }
        assert {("first", 4), ("deep", 5), ("breaks", 6), ("foreign", 7)} == found
        assert [True, True, True, False] == [
            "With `builder: docker` it is compiled." in problem.remedy for problem in failure.value.problems
        ]
        assert "which `shallow` depends on" in str(failure.value)
        assert "it was run" not in failure.value.detail

    def test_with_what_else_is_wrong(self, without: Path) -> None:
        """What the index does not have is told in the same go."""
        with pytest.raises(EnvironmentFailed) as failure:
            resolve(request(without, "first\nnowhere\nshallow\ntool==9\n"), "3.11", work=without / "work")

        assert {3: "first==1.0", 4: "nowhere", 5: "deep==1.0", 6: "tool==9"} == {
            problem.location.line: problem.what.split("`")[1] for problem in failure.value.problems if problem.location
        }

    def test_compiled(self, without: Path) -> None:
        """Builders that compile get them in the lock, with the hashes of their sources, and by name."""
        digest = make_source(without / "wheels", "first", "1.0", requires="deep")

        lock = resolve(request(without, "tool\nfirst\n"), "3.11", work=without / "work", only_wheels=False)

        assert ("deep", "first") == lock.compiled
        assert [(digest,)] == [package.hashes for package in lock.packages if package.name == "first"]
        assert f"first==1.0 \\\n    --hash={digest}\n" in lock.text

    def test_wheels_beside_compiled(self, without: Path) -> None:
        """An engine compiles what must be; all the rest is installed here, and no build is run."""
        make_source(without / "wheels", "deep", "2.0")
        lock = resolve(request(without, "tool\nfirst\nshallow\n"), "3.11", work=without / "work", only_wheels=False)

        install(lock, "3.11", without / "site", work=without / "install")

        assert {"tool", "part", "shallow"} <= {file.name for file in (without / "site").iterdir()}
        assert not [*(without / "site").glob("first*"), *(without / "site").glob("deep*")]

    def test_wheels_come_first(self, without: Path) -> None:
        """Where wheels are enough, the lock is the same for all builders: a newer source alone is no reason."""
        make_source(without / "wheels", "part", "9.0")
        asked = request(without, "tool\n")

        one = resolve(asked, "3.11", work=without / "one")
        two = resolve(asked, "3.11", work=without / "two", only_wheels=False)

        assert one == two
        assert () == two.compiled

    def test_neither_wheel_nor_source(self, without: Path) -> None:
        """A compiler does not help there."""
        with pytest.raises(EnvironmentFailed, match=r"`foreign==1\.0` has neither a wheel for "):
            resolve(request(without, "foreign\n"), "3.11", work=without / "work", only_wheels=False)

    def test_build_that_fails(self, without: Path) -> None:
        """What it depends on cannot be known then; its own words are the detail."""
        with pytest.raises(EnvironmentFailed, match="its build ended with an error") as failure:
            resolve(request(without, "breaks\n"), "3.11", work=without / "work", only_wheels=False)

        assert "it was run" in failure.value.detail
        assert Location(without / "requirements.txt", 3) == failure.value.problems[0].location


class TestInstall:
    """`install`, without a network."""

    def lock(self, folder: Path) -> Lock:
        """A lock of a package with a dependency and scripts."""
        return resolve(request(folder, "tool\n"), "3.13", work=folder / "resolve")

    def test_same_files_anywhere(self, offline: Path) -> None:
        """Two folders, two times, two umasks: the same bytes, and nothing of this machine in them."""
        lock = self.lock(offline)
        one, two = offline / "one/site", offline / "else/where/two/site-packages"

        install(lock, "3.13", one, work=offline / "work-1")
        before = os.umask(0o077)
        try:
            install(lock, "3.13", two, work=offline / "work-2")
        finally:
            os.umask(before)

        assert tree(one) == tree(two)
        assert {"tool/__init__.py", "part/__init__.py", "bin/tool-run"} <= set(tree(one))
        assert not [name for name, (content, _) in tree(one).items() if str(offline).encode() in content]
        assert not [name for name in tree(one) if name.endswith((".pyc", ".lock"))]
        assert (one / "bin/tool-run").read_text().startswith("#!/usr/bin/env python3\n")

    def test_every_file_is_as_its_record_says(self, offline: Path) -> None:
        """Tools that check an installation find it whole."""
        install(self.lock(offline), "3.13", offline / "site", work=offline / "work")

        for record in (offline / "site").glob("*.dist-info/RECORD"):
            for line in record.read_text().splitlines():
                name, digest, size = line.split(",")
                content = (offline / "site" / name).read_bytes()
                actual = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
                assert digest in {"", f"sha256={actual}"}
                assert size in {"", str(len(content))}

    def test_a_cache_that_somebody_changed(self, offline: Path) -> None:
        """A file that was changed where it was installed, and so in the cache, gets into no later environment."""
        lock = self.lock(offline)
        environ = {**os.environ, "UV_CACHE_DIR": str(offline / "cache")}
        whole = install(lock, "3.13", offline / "one", work=offline / "work", environ=environ)
        before = tree(whole.site_packages)
        with (whole.site_packages / "tool/__init__.py").open("a") as file:
            file.write("# our own authority\n")

        later = install(lock, "3.13", offline / "two", work=offline / "work", environ=environ)

        assert before == tree(later.site_packages)
        assert ("tool/__init__.py" in later.warnings[0], 1) == (True, len(later.warnings))
        assert () == whole.warnings

    def test_a_package_that_is_wrong_about_itself(self, offline: Path) -> None:
        """Its files are what its hash says, and that is what counts: nothing is said."""
        make_wheel(offline / "wheels", "wrong", "1.0", lies=True)
        lock = resolve(request(offline, "wrong\n"), "3.13", work=offline / "resolve")

        installed = install(lock, "3.13", offline / "site", work=offline / "work")

        assert ((), True) == (installed.warnings, (offline / "site/wrong/__init__.py").is_file())

    def test_changed_wheel(self, offline: Path) -> None:
        """A wheel that is not what the lock says is not installed."""
        lock = self.lock(offline)
        make_wheel(offline / "wheels", "tool", "1.0", requires="part>=3")

        with pytest.raises(EnvironmentFailed, match="not what its hashes say") as failure:
            install(lock, "3.13", offline / "site", work=offline / "work", environ={**os.environ, "UV_NO_CACHE": "1"})

        assert failure.value.problems[0].location == Location(offline / "requirements.txt", 3)

    def test_full_target(self, offline: Path) -> None:
        """Files of another environment would mix with these."""
        (offline / "site").mkdir()
        (offline / "site/old.py").write_text("")

        with pytest.raises(ValueError, match="is not empty"):
            install(self.lock(offline), "3.13", offline / "site", work=offline / "work")


class TestIndex:
    """The real index, as the machine has it."""

    @pytest.mark.parametrize("python", ["3.10", "3.14"])
    def test_oldest_and_newest(self, python: str, tmp_path: Path) -> None:
        """The inference server and a compiled package, for Pythons that may not be here, twice the same."""
        (tmp_path / "environment.yml").write_text(f"dependencies:\n  - python={python}\n  - orjson\n")
        asked = read_environment(tmp_path / "environment.yml")

        lock = resolve(asked, python, work=tmp_path / "resolve")
        for name in ("one", "two"):
            install(lock, python, tmp_path / name / "site", work=tmp_path / name / "work")

        assert tree(tmp_path / "one/site") == tree(tmp_path / "two/site")
        assert [*(tmp_path / "one/site/orjson").glob(f"orjson.cpython-{python.replace('.', '')}-x86_64-linux-gnu.so")]
        assert (tmp_path / "one/site/azureml_inference_server_http").is_dir()
        assert {1} == {len(package.hashes) for package in lock.packages if package.name in {"orjson", "flask", SERVER}}

    @pytest.mark.needs("python3.13")
    def test_it_runs(self, tmp_path: Path) -> None:
        """What was installed from here works in the Python that it is for."""
        from support.tools import find_python

        lock = resolve(read_environment(None), "3.13", work=tmp_path / "resolve")
        install(lock, "3.13", tmp_path / "site", work=tmp_path / "work")
        # Its files are uv's own, and a machine's Python may write to those that it imports.
        shutil.copytree(tmp_path / "site", tmp_path / "copy")

        done = subprocess.run(
            [str(find_python("3.13")), "-c", "import azureml_inference_server_http, flask; print('fine')"],
            env={"PYTHONPATH": str(tmp_path / "copy"), "PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )
        assert ("fine\n", 0) == (done.stdout, done.returncode), done.stderr

    def test_a_changed_cache_where_nothing_can_be_fetched(self, tmp_path: Path) -> None:
        """It is said what is wrong, and no image is made of it."""
        (tmp_path / "requirements.txt").write_text("six\n")
        environ = {**os.environ, "UV_CACHE_DIR": str(tmp_path / "cache")}
        asked = read_environment(tmp_path / "requirements.txt")
        lock = resolve(asked, "3.13", work=tmp_path / "resolve", environ=environ)
        whole = install(lock, "3.13", tmp_path / "one", work=tmp_path / "work", environ=environ)
        with (whole.site_packages / "six.py").open("a") as file:
            file.write("# our own authority\n")

        with pytest.raises(EnvironmentFailed, match=r"changed files in uv's cache \(`six\.py`\)") as failure:
            install(lock, "3.13", tmp_path / "two", work=tmp_path / "work", environ={**environ, "UV_OFFLINE": "1"})

        assert "uv cache clean" in failure.value.remedy

    def test_azureml_defaults(self, tmp_path: Path) -> None:
        """Azure ML's own package is the current one, though it depends on a package without wheels."""
        (tmp_path / "requirements.txt").write_text("azureml-defaults\n")

        lock = resolve(read_environment(tmp_path / "requirements.txt"), "3.11", work=tmp_path / "work")

        versions = {package.name: package.version for package in lock.packages}
        assert int(versions["azureml-defaults"].split(".")[1]) > 50
        assert SERVER in versions
