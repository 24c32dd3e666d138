"""Files of the user that nobody expects: each ends in one clear problem, or is taken as it is."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from support.adversity import Row, each
from support.hostile_files import INPUTS, MLFLOW, SCRIPT, looked_at, write_small_project
from support.inputs import DEPLOY

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LONGEST = 20.0
"""Seconds for one look on a busy machine. What is tried here took minutes, or for ever."""
LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)
"""300 bytes that stand for a billion texts."""
MLFLOW_ALONE = {**{name: text for name, text in INPUTS.items() if name != "entry-script"}, "model-path": "mlflow"}
SAMPLED = {name: text for name, text in {**DEPLOY, **INPUTS}.items() if name not in {"mode", "registry"}}
"""A deployment: whoever only makes an image does not look at the sample."""
SAMPLED |= {"registry": "contoso", "sample-request": "s.json"}
DEPLOYMENT = {"mode": "package", "registry": "localhost:5000", "deployment-file": "deployment.yml"}


@dataclass(frozen=True)
class Case:
    """A project that is spoiled.

    Attributes:
        spoil: Does it; gets the workspace.
        told: What is told, each by a part of it; nothing when the run goes on.
        more: Inputs besides the usual ones.
        instead: All inputs, where they are others.
        pack: Whether the files are packed, too.
    """

    spoil: Callable[[Path], object]
    told: tuple[str, ...] = ()
    more: dict[str, str] = field(default_factory=dict)
    instead: dict[str, str] = field(default_factory=dict)
    pack: bool = False


def writes(name: str, content: str | bytes) -> Callable[[Path], object]:
    """Write a file."""

    def spoil(workspace: Path) -> None:
        (workspace / name).parent.mkdir(parents=True, exist_ok=True)
        (workspace / name).write_bytes(content.encode() if isinstance(content, str) else content)

    return spoil


def huge(name: str, size: int = 2 << 30) -> Callable[[Path], object]:
    """Make a file that says it is huge, and takes no room on the disk."""

    def spoil(workspace: Path) -> None:
        with (workspace / name).open("wb") as stream:
            stream.truncate(size)

    return spoil


def fifo(name: str) -> Callable[[Path], object]:
    """A named pipe in the place of a file: whoever opens it waits for somebody to write."""

    def spoil(workspace: Path) -> None:
        (workspace / name).unlink(missing_ok=True)
        os.mkfifo(workspace / name)

    return spoil


def deep(name: str, folders: int) -> Callable[[Path], object]:
    """A file below so many folders."""

    def spoil(workspace: Path) -> None:
        (workspace / name).mkdir(exist_ok=True)
        here = os.open(workspace / name, os.O_RDONLY)
        for _ in range(folders):
            os.mkdir("d", dir_fd=here)
            above, here = here, os.open("d", os.O_RDONLY, dir_fd=here)
            os.close(above)
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=here))
        os.close(here)

    return spoil


def linked(name: str, target: str) -> Callable[[Path], object]:
    """A link in the place of a file."""

    def spoil(workspace: Path) -> None:
        (workspace / name).unlink(missing_ok=True)
        (workspace / name).symlink_to(target)

    return spoil


def link_bomb(workspace: Path) -> None:
    """Folders with two links each to the next one: 2 to the 40th files."""
    for number in range(40):
        (workspace / f"b/{number}").mkdir(parents=True)
        for name in "xy":
            (workspace / f"b/{number}/{name}").symlink_to(f"../{number + 1}")
    (workspace / "b/40").mkdir()
    (workspace / "b/40/file").write_text("")
    (workspace / "model/bomb").symlink_to("../b/0")


def as_names(workspace: Path) -> None:
    """Names with line ends, escape codes, 255 bytes, and two that differ in case alone."""
    for name in ("a\nb", "\x1b[2J", "é" * 127, "Same", "same"):
        (workspace / "model" / name).write_text("x")


NESTED, LOOP = "it is nested too deeply", "stands inside of what it means"
ENVIRONMENT = {"environment-file": "conda.yml"}
REQUIRED = {"environment-file": "requirements.txt"}
ROWS = [
    Row(
        "an ignore file has the line `build\\`",
        "told with its line and the way to write it",
        Case(writes("src/.gitignore", "a\nbuild\\\n"), ("source-directory 2: `build\\` means nothing",)),
        "R8",
    ),
    Row(
        "an ignore file has the line `!`",
        "told with its line",
        Case(writes("src/.amlignore", "!\n"), ("source-directory 1: `!` means nothing",)),
        "R8",
    ),
    Row(
        "an ignore file has a range that runs backwards",
        "told with its line",
        Case(writes("src/.gitignore", "[z-a]\n"), ("source-directory 1: `[z-a]` means nothing",)),
        "R8",
    ),
    Row(
        "an ignore file has a pattern of thirty stars, and a file a name of a's",
        "decided at once",
        Case(lambda at: [writes("src/.gitignore", "*a" * 30 + "b")(at), writes("src/" + "a" * 200, "")(at)]),
    ),
    Row(
        "an ignore file has four times `/**/` in a line",
        "told with its line",
        Case(writes("src/.gitignore", "\na/**/b/**/c/**/d/**/e"), ("source-directory 2: `a/**/b",)),
    ),
    Row("an ignore file is huge", "told", Case(huge("src/.gitignore"), ("it is larger than 8 MiB",))),
    Row(
        "an ignore file is in Latin-1 and has a byte order mark above",
        "taken as git takes it",
        Case(writes("src/.gitignore", b"\xef\xbb\xbfcaf\xe9\nx\n")),
    ),
    Row(
        "an inputs file is nested 100,000 deep",
        "told with its line",
        Case(writes("in.yml", "a:\n " + "[" * 100_000), (f"inputs-file 2: {NESTED}",), {"inputs-file": "in.yml"}),
        "R8",
    ),
    Row(
        "a conda file is nested deeply by indents",
        "told with its line",
        Case(
            writes("conda.yml", "".join(" " * level + "a:\n" for level in range(500))),
            (f"environment-file 64: {NESTED}",),
            ENVIRONMENT,
        ),
        "R8",
    ),
    Row(
        "a deployment file is nested 100,000 deep",
        "told with its line",
        Case(writes("deployment.yml", "- " * 100_000), (f"deployment-file 1: {NESTED}",), {}, DEPLOYMENT),
        "R8",
    ),
    Row(
        "an MLmodel is nested 100,000 deep",
        "told with its line",
        Case(writes("mlflow/MLmodel", "{" * 100_000), (f"model-path 1: {NESTED}",), {}, MLFLOW_ALONE),
        "R8",
    ),
    Row(
        "a model lies below 1,500 folders",
        "packed as it is",
        Case(deep("model", 1500), pack=True),
        "R8",
    ),
    Row("the code has 1,500 folders in one another", "packed as it is", Case(deep("src", 1500), pack=True), "R8"),
    Row(
        "the code lies in folders whose path is longer than Linux opens",
        "told",
        Case(deep("src", 2030), ("it cannot be read (File name too long). Give it a shorter path.",)),
    ),
    Row(
        "a host.json is nested 100,000 deep",
        "told",
        Case(writes("src/host.json", "[" * 100_000), (f"host-json -: {NESTED}",)),
        "R8",
    ),
    Row(
        "a host.json is nested 900 deep, as deep as Python reads",
        "told",
        Case(writes("src/host.json", '{"a":' * 900 + "1" + "}" * 900), (f"host-json -: {NESTED}",)),
        "R8",
    ),
    Row(
        "a host.json names functions by lists",
        "told",
        Case(writes("src/host.json", '{"version": "2.0", "functions": [[1]]}'), ("`functions` leaves out",)),
    ),
    Row(
        "a host.json has a number of 5,000 digits",
        "told",
        Case(writes("src/host.json", '{"a": ' + "9" * 5000 + "}"), ("a number of more than 4,300 digits",)),
    ),
    Row(
        "a sample is nested 100,000 deep",
        "told",
        Case(writes("s.json", "[" * 100_000), ("is JSON that is nested too deeply",), {}, SAMPLED),
        "R8",
    ),
    Row(
        "a sample has a number of 5,000 digits",
        "sent as it is",
        Case(writes("s.json", "9" * 5000), (), {}, SAMPLED),
    ),
    Row(
        "a sample has 500 MB",
        "told",
        Case(huge("s.json", 500_000_000), ("it is larger than 210 MiB",), {}, SAMPLED),
    ),
    Row(
        "a file of DVC's beside the model is nested 100,000 deep: the parser in C ended the process",
        "no file of DVC's",
        Case(writes("model/x.dvc", "[" * 100_000)),
        "R8",
    ),
    Row(
        "an expression of the script has 1,500 terms",
        "not followed",
        Case(writes("src/score.py", SCRIPT + "x = 1" + " + 1" * 1500)),
        "R8",
    ),
    Row(
        "the script has an `elif` for each of 900 cases",
        "not followed",
        Case(writes("src/score.py", SCRIPT + "if run:\n    pass\n" + "elif init:\n    pass\n" * 900)),
    ),
    Row(
        "the script has 100,000 minus signs in front of a number",
        "told",
        Case(writes("src/score.py", "-" * 100_000 + "1"), (f"entry-script -: it is not Python: {NESTED}",)),
        "R8",
    ),
    Row(
        "a module beside the script is nested too deeply",
        "not followed",
        Case(
            lambda at: [
                writes("src/score.py", f"import deep\n{SCRIPT}")(at),
                writes("src/deep.py", "not " * 50_000 + "1")(at),
            ]
        ),
    ),
    Row(
        "an inputs file has aliases that stand for a billion texts",
        "told with its line",
        Case(writes("in.yml", LAUGHS), ("its aliases say more than anybody would write",), {"inputs-file": "in.yml"}),
    ),
    Row(
        "a conda file has an alias inside of itself",
        "told with its line",
        Case(
            writes("conda.yml", "dependencies: &d\n- *d\n"),
            (f"environment-file 2: the alias `*d` {LOOP}",),
            ENVIRONMENT,
        ),
    ),
    Row(
        "an MLmodel has a tag that would call a function",
        "told, and nothing is called",
        Case(
            writes("mlflow/MLmodel", "a: !!python/object/apply:os.system ['exit 3']\n"),
            ("model-path 1: it is not YAML: could not determine a constructor",),
            {},
            MLFLOW_ALONE,
        ),
    ),
    Row(
        "an MLmodel has a number that is none",
        "told with its line",
        Case(writes("mlflow/MLmodel", "a: !!int x\n"), ("1: it is not YAML: a value does not fit",), {}, MLFLOW_ALONE),
    ),
    Row(
        "an MLmodel has a day that no month has",
        "told",
        Case(writes("mlflow/MLmodel", f"{MLFLOW}a: 2024-02-31\n"), ("a value does not fit its tag",), {}, MLFLOW_ALONE),
    ),
    Row(
        "an inputs file has half a character",
        "told with its line",
        Case(
            writes("in.yml", 'app-name: a\nlocation: "\\ud83d"\n'),
            ("inputs-file 2: it is not YAML: an escape means half a character",),
            {"inputs-file": "in.yml"},
        ),
    ),
    Row(
        "an inputs file is in UTF-16, as PowerShell writes it",
        "read",
        Case(writes("in.yml", "python-version: '3.12'\n".encode("utf-16")), (), {"inputs-file": "in.yml"}),
    ),
    Row(
        "an inputs file is in Latin-1",
        "told with its line",
        Case(
            writes("in.yml", b"# a\n# caf\xe9\n"),
            ("inputs-file 2: the file is not UTF-8 text",),
            {"inputs-file": "in.yml"},
        ),
    ),
    Row(
        "a requirements file holds null bytes",
        "told with its line",
        Case(
            writes("requirements.txt", "six\n\0\0\n"),
            ("environment-file 2:",),
            {"environment-file": "requirements.txt"},
        ),
    ),
    *(
        Row(
            f"a requirements file {what}",
            "told with its line",
            Case(writes("requirements.txt", line), (told,), REQUIRED),
        )
        for what, line, told in [
            ("has a URL that nobody can take apart", "six @ https://[x/six.whl", "1: the URL of `six` is none"),
            ("has a marker that is nested 50,000 deep", f"six; {'(' * 50_000}", f"1: `six; {'(' * 295}"),
            ("includes a file of a name with null bytes", "-r a\0b", "environment-file 1: `a\\x00b` cannot be"),
            ("includes a file of a name of 5,000 characters", f"-r {'a' * 5000}", "File name too long"),
            ("has 200,000 blanks in a line, which took ten minutes", f"six{' ' * 200_000}x", "environment-file 1: "),
            ("has a wheel of a name of 5,000 characters", f"{'a' * 5000}.whl", "File name too long"),
        ]
    ),
    Row(
        "a requirements file includes a link to itself",
        "told as a circle",
        Case(
            lambda at: [writes("requirements.txt", "-r l\n")(at), linked("l", "l")(at)], ("circle of links",), REQUIRED
        ),
        "R17",
    ),
    Row(
        "a channel of a conda file is a URL that nobody can take apart",
        "told with its line",
        Case(
            writes("conda.yml", "channels: ['file://[x/none']\ndependencies: [pip]\n"),
            ("environment-file 1:",),
            ENVIRONMENT,
        ),
    ),
    Row(
        "an MLmodel names a file of a name of 5,000 characters",
        "told as one that is not there",
        Case(
            writes("mlflow/MLmodel", MLFLOW.replace("model.pkl", "m" * 5000)),
            ("is not in the model's folder",),
            {},
            MLFLOW_ALONE,
        ),
    ),
    *(
        Row(f"{what} has 2 GB", "told before it is read", Case(huge(name), ("it is larger than",), more, instead))
        for what, name, more, instead in [
            ("a conda file", "conda.yml", ENVIRONMENT, {}),
            ("a requirements file", "requirements.txt", {"environment-file": "requirements.txt"}, {}),
            ("an inputs file", "in.yml", {"inputs-file": "in.yml"}, {}),
            ("a deployment file", "deployment.yml", {}, DEPLOYMENT),
            ("an MLmodel", "mlflow/MLmodel", {}, MLFLOW_ALONE),
            ("a host.json", "src/host.json", {}, {}),
            ("a script", "src/score.py", {}, {}),
        ]
    ),
    *(
        Row(f"{what} is a named pipe", "told, and not waited for", Case(fifo(name), (told,), more, instead))
        for what, name, told, more, instead in [
            ("the conda file", "conda.yml", "`conda.yml` is not a file", ENVIRONMENT, {}),
            ("the inputs file", "in.yml", "`in.yml` is not a file", {"inputs-file": "in.yml"}, {}),
            ("the deployment file", "deployment.yml", "`deployment.yml` is not a file", {}, DEPLOYMENT),
            ("the host.json", "h.json", "`h.json` is not a file", {"host-json": "h.json"}, {}),
            ("the script", "src/score.py", "`src/score.py` is not a file", {}, {}),
            ("the sample", "s.json", "`s.json` is not a file", {}, SAMPLED),
            ("the model", "m", "`m` is neither a file nor a folder", {"model-path": "m"}, {}),
            ("a file of the model", "model/x", "it is a named pipe, not a file", {}, {}),
            ("a module", "src/x.py", "it is a named pipe, not a file", {}, {}),
        ]
    ),
    Row(
        "a requirements file includes a named pipe",
        "told, and not waited for",
        Case(
            lambda at: [writes("requirements.txt", "-r more.txt\n")(at), fifo("more.txt")(at)],
            ("environment-file -: the file cannot be read: it is a named pipe, not a file",),
            {"environment-file": "requirements.txt"},
        ),
    ),
    Row(
        "the conda file is a link to a device that has no end",
        "told",
        Case(linked("conda.yml", "/dev/zero"), ("is a link to `/dev/zero`, which lies outside",), ENVIRONMENT),
    ),
    Row(
        "the conda file is a link to itself",
        "told as a circle, not as a matter of permissions",
        Case(
            linked("conda.yml", "conda.yml"),
            ("`conda.yml` leads in a circle of links. Remove the links.",),
            ENVIRONMENT,
        ),
        "R17",
    ),
    Row(
        "a file of the model is a link to itself",
        "told as a circle",
        Case(
            linked("model/loop", "loop"),
            ("Too many levels of symbolic links. Remove the link",),
        ),
        "R17",
    ),
    Row(
        "a file of the code is a link to itself",
        "told as a circle",
        Case(linked("src/loop", "loop"), ("it is a link that leads in a circle. Remove the link.",)),
        "R17",
    ),
    Row(
        "a model is below folders whose path is longer than Linux opens",
        "told as that, and not as a folder without files",
        Case(
            deep("m", 2100),
            ("cannot be read: File name too long",),
            {"model-path": "m"},
        ),
        "R17",
    ),
    Row(
        "links to folders with links stand for 2^40 files",
        "told",
        Case(link_bomb, ("more than 8 links lead here",) * 2),
    ),
    Row(
        "names hold line ends and escape codes, are long, and differ in case alone", "packed", Case(as_names, pack=True)
    ),
    Row(
        "a file whose name holds a line end cannot be packed",
        "told on one line",
        Case(fifo("model/a\n::error::b"), ("a\\n::error::b`",)),
    ),
    Row("a file of the model is sparse", "packed", Case(huge("model/sparse", 1 << 20), pack=True)),
    Row(
        "two names stand for one file",
        "packed twice",
        Case(lambda at: os.link(at / "model/model.pkl", at / "model/again"), pack=True),
    ),
]


class TestUserFiles:
    @each(ROWS)
    def test_a_file_that_nobody_expects(self, row: Row[Case], tmp_path: Path) -> None:
        """It is told in words, or taken; nothing hangs, and no other error comes of it."""
        workspace = tmp_path / "workspace"
        write_small_project(workspace)
        row.case.spoil(workspace)
        begun = time.monotonic()

        try:
            told = looked_at(workspace, row.case.instead or {**INPUTS, **row.case.more}, pack=row.case.pack)
        finally:
            subprocess.run(["rm", "-r", str(workspace)], check=True)  # pytest cannot remove what is a thousand deep

        assert row.case.told == tuple(
            part for part, words in zip(row.case.told, told, strict=False) if part in words
        ), told
        assert len(row.case.told) == len(told), told
        assert LONGEST > time.monotonic() - begun
