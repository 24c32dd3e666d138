"""What uv gets to see, and what its words mean."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from functions_model.core.failures import Location
from functions_model.core.secrets import Secret
from functions_model.environment import EnvironmentRequest
from functions_model.environment.request import IndexSettings, Requirement
from functions_model.environment.uv_failures import Target, blamed, explain, is_for_wheels
from functions_model.environment.uv_process import UvRefused, clean, run_uv, uv_environment

TARGET = Target("3.12", "x86_64")
FILE = Path("requirements.txt")
SLOW_NICE = "#!/bin/sh\nsleep 0.3\nnice\necho refused by me >&2\nexit $2\n"
"""In the place of uv: says how far it stands back for others, and ends as its second argument says."""


class TestEnvironment:
    """`uv_environment`."""

    def test_keeps_what_uv_needs(self) -> None:
        """Paths, proxies, certificates, the cache and the user's index settings."""
        environ = {
            "PATH": "/bin",
            "HOME": "/root",
            "https_proxy": "http://proxy",
            "SSL_CERT_FILE": "/ca.pem",
            "UV_CACHE_DIR": "/cache",
            "UV_INDEX_PRIVATE_PASSWORD": "x",
        }

        assert environ == uv_environment(environ, IndexSettings())

    def test_drops_everything_else(self) -> None:
        """Tokens, inputs, settings of other tools and of uv that would change what is resolved."""
        environ = {
            "INPUT_CLIENT-SECRET": "hunter2",
            "FUNCTIONS_MODEL_CLIENT_SECRET": "hunter2",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "hunter2",
            "GITHUB_TOKEN": "hunter2",
            "REQUESTS_CA_BUNDLE": "/ca.pem",
            "PYTHONPATH": "/x",
            "PIP_INDEX_URL": "x",
            "UV_PYTHON": "3.8",
            "UV_CONFIG_FILE": "uv.toml",
            "UV_CONSTRAINT": "c.txt",
            "UV_OVERRIDE": "o.txt",
            "UV_CACHE_DIR": "",
        }

        assert {} == uv_environment(environ, IndexSettings())

    def test_indexes_of_the_file(self) -> None:
        """URLs travel by the environment, before the user's own; the file's index takes the default's place."""
        indexes = IndexSettings(
            Secret("https://one"), (Secret("https://two"),), (Path("/my, wheels"), Secret("https://three"))
        )

        environment = uv_environment({"UV_INDEX": "https://mine", "UV_INDEX_URL": "https://old"}, indexes)

        assert {
            "UV_DEFAULT_INDEX": "https://one",
            "UV_INDEX": "https://two https://mine",
            "UV_FIND_LINKS": "file:///my%2C%20wheels,https://three",
        } == environment


class TestSecretsOfTheEnvironment:
    """`secrets_in`: what may not be shown of the variables that uv sees."""

    @pytest.mark.parametrize(
        ("variable", "value", "secrets"),
        [
            ("UV_DEFAULT_INDEX", "https://pypi.test/Tok3nTok3nTok3n/simple", {"Tok3nTok3nTok3n"}),
            ("UV_INDEX_URL", "https://me:s3cr%21t-pass@pypi.test/simple", {"s3cr%21t-pass", "s3cr!t-pass"}),
            ("UV_INDEX", "a=https://one.test/simple b=https://Tok3nTok3n@two.test/", {"Tok3nTok3n"}),
            ("UV_EXTRA_INDEX_URL", "https://pypi.test/simple?key=abcdefgh", {"abcdefgh"}),
            ("UV_FIND_LINKS", "/wheels,https://x.test/t/tk-1234abcd-ef/wheels", {"tk-1234abcd-ef"}),
            ("UV_INDEX_MINE_PASSWORD", "hunter22", {"hunter22"}),
            ("HTTPS_PROXY", "http://me:hunter22@proxy.test:3128", {"hunter22"}),
            ("UV_DEFAULT_INDEX", "https://pypi.test/artifactory/api/pypi/pypi-remote/simple", set()),
            ("UV_CACHE_DIR", "/cache/Tok3nTok3nTok3n", set()),
            ("UV_INDEX", "https://[broken", set()),
        ],
    )
    def test_are_found(self, variable: str, value: str, secrets: set[str]) -> None:
        """Passwords, queries, and parts of a path that are no words."""
        from functions_model.environment.uv_process import secrets_in

        assert secrets == set(secrets_in({variable: value, "PATH": "/bin"}))


class TestClean:
    """`clean`."""

    def test_takes_out_logins(self) -> None:
        """Known ones whole, others from any URL."""
        words = "error: Failed to fetch https://user:hunter2@host.example/six\n  cause: token-hunter3 is bad"

        assert "Failed to fetch https://***@host.example/six\n*** is bad" == clean(words, [Secret("token-hunter3")])

    def test_takes_out_decoration(self) -> None:
        """Older releases of uv draw a tree."""
        assert "No solution found\n    Because x" == clean(
            "  \u00d7 No solution found\n  \u2570\u2500\u25b6 Because x"
        ).replace("   No", "No")


def conclusion(what: str) -> str:
    """The way uv ends."""
    return f"No solution found when resolving dependencies\nBecause {what}, we can conclude that ... unsatisfiable."


CASES = [
    (
        conclusion("there is no version of six==99 and you require six==99"),
        "the index has no version `six==99`",
        1,
    ),
    (
        conclusion("no-such was not found in the package registry and you require no-such"),
        "the index has no package `no-such`",
        None,
    ),
    (
        conclusion("all versions of docopt have no usable wheels and you require docopt"),
        "`docopt` has no wheel for Python 3.12 on x86_64",
        2,
    ),
    (
        conclusion(
            "numpy==1.20.0 has no wheels with a matching Python ABI tag (e.g., `cp313`) and you require numpy==1.20.0"
        ),
        "`numpy==1.20.0` has no wheel for Python 3.12 on x86_64",
        3,
    ),
    (
        conclusion("fusepy==3 has no usable wheels and numpy==1 depends on fusepy and you require numpy==1"),
        "`fusepy==3`, which `numpy==1` depends on, has no wheel for Python 3.12 on x86_64",
        3,
    ),
    (
        conclusion(
            "all of:\n    numpy{sys_platform == 'linux'}==1.10.0\n have no wheels with a matching Python ABI tag and"
            " thing==1 depends on one of:\n    numpy{sys_platform == 'linux'}<2\n and you require thing==1"
        )
        + "\nhint: You require CPython 3.12 (`cp312`), but we only found wheels for `numpy` (v1.10.3)",
        "`numpy` has no wheel",
        3,
    ),
    (
        conclusion("numpy{sys_platform == 'linux'}==1.10.3 has no usable wheels and you require numpy"),
        "`numpy==1.10.3` has no wheel",
        3,
    ),
    (
        conclusion("numpy==2 has no source distribution and you require numpy==2"),
        "`numpy==2` has neither a wheel for Python 3.12 on x86_64 nor a source package",
        3,
    ),
    (
        "Failed to build `docopt==0.6.2`\nThe build backend returned an error\nRuntimeError: needs libfoo",
        "`docopt==0.6.2` has no wheel, and its build ended with an error: RuntimeError: needs libfoo",
        2,
    ),
    (
        conclusion("pandas==2.2 depends on numpy>=1.26 and you require numpy<1.20 and you require pandas==2.2"),
        "no versions fit together for these: `numpy`, `pandas`",
        3,
    ),
    (
        "Failed to fetch: https://host.example/simple/six/\nHTTP status client error (401 Unauthorized)",
        "`https://host.example/simple/six/` wants a login (401)",
        None,
    ),
    (
        "Failed to fetch: https://host.example/simple/six/\nConnection refused (os error 111)",
        "could not be fetched (Connection refused (os error 111))",
        None,
    ),
    ("Hash mismatch for `six==1.17`\nExpected:", "`six==1.17` is not what its hashes say", 1),
    (
        conclusion(
            "wrapt>=1,<=1.12 has no usable wheels and numpy==1 depends on wrapt>=1,<=1.12 and you require numpy"
        ),
        "`wrapt>=1,<=1.12`, which `numpy==1` depends on, has no wheel",
        3,
    ),
    (
        "Failed to build `docopt==0.6.2`\nCall to `x` failed\n   [stderr]\n   use 'other'\n   for all",
        "its build ended with an error: use 'other'",
        2,
    ),
    ("Something new went wrong", "uv says: Something new went wrong", None),
]


class TestBlamed:
    """`blamed` and `is_for_wheels`."""

    @pytest.mark.parametrize(
        ("words", "name", "for_wheels"),
        [
            (conclusion("all versions of Doc_Opt have no usable wheels and you require doc-opt"), "doc-opt", True),
            (
                conclusion("no-such was not found in the package registry and six has no usable wheels"),
                "no-such",
                False,
            ),
            (conclusion("there is no version of six==99 and you require six==99"), "six", False),
            (conclusion("six==1 has no source distribution and you require six"), "six", False),
            ("Failed to fetch: https://host.example/six/\nsix has no usable wheels", None, True),
            ("Failed to build `six==1`\nRuntimeError: no", "six", False),
            (conclusion("pandas==2.2 depends on numpy>=1.26 and you require numpy<1.20"), None, False),
        ],
    )
    def test_names_the_one_to_blame(self, words: str, name: str | None, for_wheels: bool) -> None:
        """And nobody, when no single package is the reason."""
        assert (name, for_wheels) == (blamed(words), is_for_wheels(words))


class TestExplain:
    """`explain`."""

    @pytest.mark.parametrize(("words", "what", "line"), CASES, ids=[what[:40] for _, what, _ in CASES])
    def test_names_the_package_and_its_line(self, words: str, what: str, line: int | None) -> None:
        """The cause in plain words, at the line that asks for it; uv's own words are the detail."""
        asked = [
            Requirement(name, name, (), Location(FILE, number))
            for number, name in enumerate(("six", "docopt", "numpy"), 1)
        ]

        failure = explain("resolve", [words], EnvironmentRequest(FILE, None, tuple(asked)), TARGET)

        problem = failure.problems[0]
        assert what in problem.what
        assert problem.location == Location(FILE, line)
        assert failure.detail == words

    def test_each_refusal_is_a_problem(self) -> None:
        """What uv was asked again and again becomes one failure, in which nothing is told twice."""
        told = [conclusion(f"{name} has no usable wheels and you require {name}") for name in ("a==1", "b==2", "a==1")]

        failure = explain("resolve", told, EnvironmentRequest(None, None, ()), TARGET)

        assert ["`a==1`", "`b==2`"] == [problem.what.split()[0] for problem in failure.problems]
        assert ["With `builder: docker`"] * 2 == [" ".join(problem.remedy.split()[:3]) for problem in failure.problems]
        assert "you require b==2" in failure.detail

    def test_what_compiles_is_not_offered_again(self) -> None:
        """With `builder: docker` that way out has been tried already."""
        words = conclusion("a==1 has no usable wheels and you require a==1")

        [problem] = explain(
            "resolve", [words], EnvironmentRequest(None, None, ()), Target("3.12", "x86_64", compiles=True)
        ).problems

        assert "`builder: docker`" not in problem.remedy

    def test_what_uv_takes_it_for(self) -> None:
        """Where uv knows of a common confusion, its proposal is the way out."""
        words = (
            "Failed to build `sklearn==0.0`\nno\nhint: `sklearn` is often confused for `scikit-learn`. Did you mean to"
            " install `scikit-learn` instead?"
        )

        [problem] = explain("resolve", [words], EnvironmentRequest(None, None, ()), TARGET).problems

        assert "Did you mean `scikit-learn`?" == problem.remedy

    def test_long_words_are_cut(self) -> None:
        """The conclusion is at the end, and hundreds of lines before it help nobody."""
        words = "\n".join(f"Because {number}" for number in range(500))

        failure = explain("resolve", [words], EnvironmentRequest(None, None, ()), TARGET)

        assert len(failure.detail.splitlines()) == 80
        assert failure.detail.endswith("Because 499")


class TestRunning:
    """`run_uv`."""

    def run(self, code: int, folder: Path) -> str:
        script = folder / "uv"
        script.write_text(SLOW_NICE, encoding="utf-8")
        script.chmod(0o755)
        return run_uv([str(code)], cwd=folder, environ=os.environ, indexes=IndexSettings(), program=str(script))

    def test_gives_way_to_what_runs_beside_it(self, tmp_path: Path) -> None:
        """A large layer that is sent meanwhile needs both cores of a small CI runner more."""
        assert os.nice(0) < int(self.run(0, tmp_path))

    def test_an_end_with_an_error_is_told_in_its_words(self, tmp_path: Path) -> None:
        """And not with what it had answered until then."""
        with pytest.raises(UvRefused) as caught:
            self.run(2, tmp_path)

        assert "refused by me" == caught.value.words
