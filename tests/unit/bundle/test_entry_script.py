"""What the check of entry scripts finds, and what it leaves alone."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from functions_model.bundle import check_entry_script
from functions_model.core.spec import Code

INIT = "def init():\n    pass\n"
RUN = "def run(data):\n    return data\n"


def check(folder: Path, script: str | bytes, **more: str) -> list[tuple[str, int | None]]:
    """What is found in a script: text and line."""
    path = folder / "score.py"
    path.write_bytes(script.encode() if isinstance(script, str) else script)
    problems = check_entry_script(Code(path, folder, "code/score.py"), **more)
    assert all(problem.location and problem.location.file == Path("code/score.py") for problem in problems)
    assert all(problem.remedy.endswith(".") for problem in problems)
    return [(problem.what, problem.location.line if problem.location else None) for problem in problems]


class TestScriptsThatFit:
    """Azure ML's inference server takes these."""

    @pytest.mark.parametrize(
        "script",
        [
            pytest.param(INIT + RUN, id="plain"),
            pytest.param("from beside import init, run\n", id="imported"),
            pytest.param("import beside as run\nfrom a import b as init\n", id="imported by another name"),
            pytest.param("from beside import *\n", id="star import"),
            pytest.param("init = run = make()\n", id="assigned"),
            pytest.param("init, run = make()\n", id="unpacked"),
            pytest.param("init: object = print\nrun: object = print\n", id="annotated"),
            pytest.param("class init:\n    pass\n" + RUN, id="class"),
            pytest.param(f"if x:\n    def run(data): ...\nelse:\n    from y import run\n{INIT}", id="in if"),
            pytest.param(f"try:\n    from y import run\nexcept ImportError:\n    def run(): ...\n{INIT}", id="in try"),
            pytest.param(f"with x as run:\n    pass\n{INIT}", id="with as"),
            pytest.param(f"match x:\n    case 1:\n        def run(data): ...\n{INIT}", id="in match"),
            pytest.param(f"def run(): ...\n{RUN}{INIT}", id="defined again, rightly"),
            pytest.param(INIT + "def run(data, request_headers): ...\n", id="headers"),
            pytest.param(INIT + "def run(request_headers, data=None): ...\n", id="headers first"),
            pytest.param(INIT + "def run(*, data): ...\n", id="keyword-only"),
            pytest.param(INIT + "def run(data, more=1): ...\n", id="default"),
            pytest.param("def init(name='x', *args): ...\n" + RUN, id="init with defaults"),
            pytest.param(INIT + "@rawhttp\ndef run(request): ...\n", id="rawhttp"),
            pytest.param(INIT + "@input_schema('a', x)\n@s.output_schema(y)\ndef run(a, b): ...\n", id="schema"),
            pytest.param(INIT + "@of_the_users_own\ndef run(*args, **kwargs): ...\n", id="another decorator"),
            pytest.param("@given\ndef init(model): ...\n" + RUN, id="init with a decorator"),
            pytest.param(
                INIT + "def run(data):\n    def inner():\n        yield 1\n    return [*inner()]\n", id="yields inside"
            ),
            pytest.param(INIT + RUN + "raise SystemExit('never imported')\n", id="would exit"),
            pytest.param(INIT + RUN + "pattern = '\\d'\n", id="odd escape"),
            pytest.param("\ufeff" + INIT + RUN, id="byte order mark"),
            pytest.param(
                "# -*- coding: latin-1 -*-\n# Gr\xfc\xdfe\n".encode("latin-1") + (INIT + RUN).encode(), id="latin-1"
            ),
        ],
    )
    def test_nothing_is_said(self, tmp_path: Path, script: str | bytes) -> None:
        """A script that fits has no problems."""
        assert [] == check(tmp_path, script)


class TestScriptsThatDoNot:
    """These would fail when the first request comes."""

    @pytest.mark.parametrize(
        ("script", "found", "line"),
        [
            pytest.param(RUN, "it has no `init` function", None, id="no init"),
            pytest.param(INIT, "it has no `run` function", None, id="no run"),
            pytest.param(INIT + RUN + "del run\n", "it has no `run` function", None, id="deleted"),
            pytest.param(
                INIT + "class A:\n" + "    def run(self, data): ...\n", "it has no `run` function", None, id="method"
            ),
            pytest.param(INIT + "run: object\n", "it has no `run` function", None, id="only annotated"),
            pytest.param(INIT + "def run(): ...\n", "`run` has no data argument", 3, id="no data"),
            pytest.param(
                INIT + "def run(request_headers): ...\n",
                "`run` has no data argument besides `request_headers`",
                3,
                id="headers alone",
            ),
            pytest.param(
                INIT + "def run(*args): ...\n",
                "`run` has positional-only arguments, `*args` or `**kwargs`",
                3,
                id="star",
            ),
            pytest.param(
                INIT + "def run(data, /): ...\n",
                "`run` has positional-only arguments, `*args` or `**kwargs`",
                3,
                id="positional-only",
            ),
            pytest.param(INIT + "def run(a, b, c=1): ...\n", "`run` needs more than the data: `b`", 3, id="two"),
            pytest.param("def init(model): ...\n" + RUN, "`init` needs arguments: `model`", 1, id="init takes one"),
            pytest.param("def init(*, m): ...\n" + RUN, "`init` needs arguments: `m`", 1, id="init takes one by name"),
            pytest.param(
                INIT + "async def run(data): ...\n",
                "`run` is async, and the inference server does not await it",
                3,
                id="async",
            ),
            pytest.param(
                "async def init(): ...\n" + RUN,
                "`init` is async, and the inference server does not await it",
                1,
                id="async init",
            ),
            pytest.param(
                INIT + "def run(data):\n    yield data\n",
                "`run` is a generator: its body does not run when it is called",
                3,
                id="generator",
            ),
            pytest.param(INIT + "run = 5\n", "`run` is not a function", 3, id="number"),
            pytest.param(
                INIT + "@rawhttp\n@input_schema('a', x)\ndef run(a): ...\n",
                "`run` has both `@rawhttp` and a schema decorator",
                5,
                id="both decorators",
            ),
            pytest.param(INIT + RUN + "def run(): ...\n", "`run` has no data argument", 5, id="defined again, wrongly"),
            pytest.param(b"x = '\xff'\n" + INIT.encode(), "it is not UTF-8 text", 1, id="not UTF-8"),
            pytest.param(b"x = 1\n\0\n", "it is not Python: it contains null bytes", None, id="null bytes"),
        ],
    )
    def test_fault_is_told_with_its_line(
        self, tmp_path: Path, script: str | bytes, found: str, line: int | None
    ) -> None:
        """The fault is told, on the line of the definition."""
        assert [(found, line)] == check(tmp_path, script)

    def test_all_faults_are_told_at_once(self, tmp_path: Path) -> None:
        """Every fault of both functions is told, in the order of the lines."""
        script = "def run(): ...\n\nasync def init(x): ...\n"

        assert [
            ("`run` has no data argument", 1),
            ("`init` is async, and the inference server does not await it", 3),
            ("`init` needs arguments: `x`", 3),
        ] == check(tmp_path, script)

    def test_syntax_error_has_its_line(self, tmp_path: Path) -> None:
        """A syntax error is told on its own line, in Python's words."""
        [(what, line)] = check(tmp_path, INIT + "def run(data)\n    return data\n")

        assert "it is not valid Python: expected ':'" == what
        assert 3 == line

    def test_file_that_cannot_be_read_is_told(self, tmp_path: Path) -> None:
        """A missing file is a problem, not an error of ours."""
        [problem] = check_entry_script(Code(tmp_path / "none.py", tmp_path, "none.py"))

        assert "the file cannot be read: No such file or directory" == problem.what


class TestPythonVersions:
    """The version that will run the script decides."""

    def test_newer_syntax_than_the_target_is_told(self, tmp_path: Path) -> None:
        """Syntax that the target does not know yet is a fault."""
        script = INIT + RUN + "try:\n    pass\nexcept* OSError:\n    pass\n"

        [(what, line)] = check(tmp_path, script, python_version="3.10")
        assert "it is not valid Python: " in what
        assert line in {7, 8}  # the statement or its end, by the version of the parser
        assert [] == check(tmp_path, script, python_version="3.11")

    def test_target_that_is_newer_than_the_tool_is_told(self, tmp_path: Path) -> None:
        """When a newer Python could read the script, the remedy says with which one to check."""
        target = f"3.{sys.version_info.minor + 1}"
        path = tmp_path / "score.py"
        path.write_text("def (:\n")

        [problem] = check_entry_script(Code(path, tmp_path, "score.py"), python_version=target)

        assert f"run this check with Python {target}" in problem.remedy
