"""What others write is text: no command of a host, no link or tag on the page, no word of a shell, no second output."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from functions_model.ci.host import Level
from functions_model.core.failures import Location, NotLive
from functions_model.core.spec import BlobTrigger, HttpTrigger, ServiceBusQueueTrigger
from functions_model.pipeline.contents import CodeFound
from functions_model.pipeline.events import AppVerified, EnvironmentResolved, PlanMade, StageEnded
from functions_model.provision import Action, Change, FieldChange
from functions_model.report.calling import how_to_call
from functions_model.report.page import summary
from functions_model.verify.script import ToldWarning
from support.adversity import Row, each
from support.events import changes, deployment
from support.pages import kinds_on
from support.sinks import HOSTS, tell_all
from support.wanted import TARGET, spec_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from functions_model.ci.host import CiHost
    from functions_model.core.spec import Trigger
    from functions_model.pipeline.events import Event

LINES: list[Row[str]] = [
    Row("a container's log has `::set-output`", "it is a line of the log", "::set-output name=image::evil", "R18"),
    Row("a container's log has `::add-mask::`", "it is a line of the log", "::add-mask::e", "R18"),
    Row("a container's log stops commands", "later commands of ours are obeyed", "::stop-commands::x", "R18"),
    Row("a container's log has `##[add-path]`", "it is a line of the log", "##[add-path]/evil", "R18"),
    Row("a container's log has `##vso[task.setvariable]`", "it is text", "##vso[task.setvariable variable=A]b", "R18"),
    Row("a container's log fails the task", "it does not", "a ##vso[task.complete result=Failed;]x", "R18"),
    Row("a command has capital letters", "it is text", "##VSO[TASK.SETVARIABLE variable=A]b", "R18"),
    Row(
        "a command of the agent is broken by what has no width",
        "it is text",
        "#\u200b#v\u200dso[task.complete result=Failed]",
        "R18",
    ),
    Row(
        "a command of the agent is broken by a control character",
        "it is text",
        "#\x01#vso[task.complete result=Failed]",
    ),
    Row(
        "a command is behind a line feed", "it is text", "harmless\n::error::evil\n##vso[task.complete result=Failed]x"
    ),
    Row(
        "a command is behind a carriage return",
        "it is text",
        "50 %\r::error::evil\r##vso[task.complete result=Failed]x",
    ),
    Row("a command is behind a form feed", "it is text", "a\x0c::error::evil"),
    Row(
        "a command is behind Unicode's own line end",
        "it is text",
        "a\u2028::error::evil\u2029::error::evil\x85::error::evil",
    ),
    Row("a command is behind white space of another script", "it is text", "\u3000\u2003::error::evil"),
    Row("a command is behind a byte order mark", "it is text", "\ufeff::error::evil"),
    Row("a command is behind a colour", "it is text once the colour is gone", "\x1b[31m::error::evil"),
    Row(
        "a colour stands within a command",
        "it is text once the colour is gone",
        ":\x1b[0m:error::evil ##\x1b[1m[add-mask]e",
    ),
    Row("a fold of the log is closed", "it stays open", "::endgroup::\n##[endgroup]\n##[group]mine"),
    Row(
        "properties of a command are ended early",
        "they are text",
        "x,line=1::evil%0A::error::y;]##vso[task.complete result=Failed]z",
    ),
    Row(
        "numbers stand for the line end of a command",
        "they are text",
        "a%0A::error::evil%0D%0A##vso[task.complete result=Failed]z",
    ),
    Row("a file of a debug run tells the runner to echo", "it is text", "::echo::on\n::debug::x"),
]
_OURS = {
    "GitHub": {"group", "endgroup", "error", "warning", "notice"},
    "Azure Pipelines": {"task.logissue", "task.uploadsummary", "task.setvariable"},
    "console": set[str](),
    "terminal": set[str](),
}


@pytest.mark.parametrize("host", HOSTS)
@each(LINES)
def test_no_text_is_a_command(row: Row[str], host: str, tmp_path: Path) -> None:
    """Whatever it is told as: the commands are those of a harmless text."""
    told = HOSTS[host](tmp_path, lambda ci: tell_all(ci, row.case))
    usual = HOSTS[host](tmp_path, lambda ci: tell_all(ci, "harmless"))

    assert set(told.commands) <= _OURS[host]
    assert [name for name in told.commands if "group" not in name] == [
        name for name in usual.commands if "group" not in name
    ]
    assert told.commands.count("group") == usual.commands.count("group")


CODES: list[Row[str]] = [
    Row("an app's answer clears the screen", "it does not", "x\x1b[2J\x1b[Hy", "R18"),
    Row("an app's answer names the terminal's window", "it does not", "x\x1b]0;evil\x07y", "R18"),
    Row("an app's answer writes to the clipboard", "it does not", "x\x1b]52;c;ZXZpbA==\x07y", "R18"),
    Row(
        "an app's answer has a link of a terminal", "it is text", "x\x1b]8;;https://evil.test\x1b\\here\x1b]8;;\x1b\\y"
    ),
    Row("a container's log moves the cursor up", "it does not", "x\x1b[3A\x1b[2Ky"),
    Row("a container's log hides text", "it is seen", "x\x1b[8mhidden\x1b[0my"),
    Row("a message has control characters of 8 bits", "they are seen as numbers", "x\x9b2J\x90evil\x9cy"),
    Row("a message deletes what stands before it", "nothing is deleted", "x\b\b\b\x7fy"),
    Row("a message rings a bell", "it is silent", "x\x07y"),
    Row("a message turns the direction of writing", "it is told by number", "x \u202egpj.exe\u202c y"),
    Row("a message isolates a text of another direction", "it is told by number", "x \u2066evil\u2069 y"),
    Row("a message has letters without width", "they are told by number", "x adm\u200bin\u2060 y"),
    Row("a message has tags of Unicode", "they are told by number", "x \U000e0065\U000e0076 y"),
    Row("a file's name is no UTF-8", "its bytes are told by number", "x \udcff\udcfe y"),
    Row("a name has half of a pair of surrogates", "it is told by number", "x \ud83d y"),
]
_OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ud800-\udfff\U000e0000-\U000e007f]"
)
_COLOURS = re.compile(r"\x1b\[(?:0|1|3[123]|1;31)m")


@pytest.mark.parametrize("host", HOSTS)
@each(CODES)
def test_a_terminal_obeys_nobody_else(row: Row[str], host: str, tmp_path: Path) -> None:
    """What is shown is what there is, on the page, too; the words around it stay."""
    told = HOSTS[host](tmp_path, lambda ci: _tell(ci, row.case))

    assert [] == _OBEYED.findall(_COLOURS.sub("", told.log + told.page))
    assert "x" in told.log
    assert "y" in told.page


def _tell(ci: CiHost, text: str) -> None:
    ci.info(text)
    with ci.group(text):
        ci.annotate(Level.ERROR, text, Location(Path(text)))
    ci.summary(text)
    ci.tell_annotations()


PICTURE, TAG, LINK = "![x](https://evil.test/p.png)", "<img src=https://evil.test/p.png>", "[log in](https://evil.test)"
EVIL = f"{PICTURE} {TAG} {LINK} <script>x</script> <!-- | a | ` <a href=x>"


def _with(folder: Path, event: Event) -> list[Event]:
    return [one for one in deployment(folder) if type(one) is not type(event)] + [event]


def _verified(folder: Path, **changed: object) -> list[Event]:
    [event] = [event for event in deployment(folder) if isinstance(event, AppVerified)]
    return _with(folder, replace(event, verified=replace(event.verified, **changed)))  # type: ignore[arg-type]


def _planned(folder: Path, change: Change, *notes: str) -> list[Event]:
    plan = changes(Action.UPDATE, Action.CREATE, Action.KEEP)
    return _with(folder, PlanMade(replace(plan, changes=(*plan.changes, change), notes=notes)))


def _resolved(folder: Path, warning: str) -> list[Event]:
    [event] = [event for event in deployment(folder) if isinstance(event, EnvironmentResolved)]
    return _with(folder, replace(event, request=replace(event.request, warnings=(warning,))))


@dataclass(frozen=True)
class Page:
    """A run with something hostile in it.

    Attributes:
        events: What happened.
        failure: What ended it.
    """

    events: Callable[[Path], list[Event]] = deployment
    failure: NotLive | None = None


PAGES: list[Row[Page]] = [
    Row(
        "Resource Manager's message has a picture, a link and tags",
        "they are words",
        Page(failure=NotLive("create the plan", EVIL, f"Do {EVIL}")),
        "R18",
    ),
    Row(
        "a registry's message begins a heading, a table and a list",
        "they are words",
        Page(failure=NotLive("push", "no\n# Big\n| a | b |\n|---|---|\n+ x\nSetext\n===\n> q", "Look.")),
        "R18",
    ),
    Row(
        "a container's log ends the block of code that it stands in",
        "it does not",
        Page(failure=NotLive("verify", "it fails", "Look.", detail=f"```\n````\n{EVIL}\n</details>\n{EVIL}")),
        "R18",
    ),
    Row(
        "the cause in a container's log is a picture",
        "it is words",
        Page(
            failure=NotLive(
                "verify",
                "it fails",
                "Look.",
                detail=f'Traceback (most recent call last):\n  File "score.py", line 1, in x\nValueError: ```{EVIL}\n',
            )
        ),
    ),
    Row(
        "a resource's name has marks of Markdown",
        "they are words, in a table with as many columns",
        Page(lambda folder: _planned(folder, Change(EVIL, f"a|b {EVIL}", Action.CREATE, (), "why | not"))),
        "R18",
    ),
    Row(
        "a resource's name ends the link that it stands in",
        "it is the words of the link",
        Page(
            lambda folder: _planned(
                folder, Change("app", "x](https://evil.test)", Action.CREATE, link="https://p.test/a b)c")
            )
        ),
    ),
    Row(
        "a live setting has a hostile value",
        "it is words",
        Page(lambda folder: _planned(folder, Change("app", "iris", Action.UPDATE, (FieldChange("sku", EVIL, EVIL),)))),
        "R18",
    ),
    Row(
        "an app setting's name, as Azure has it, has tags",
        "they are words",
        Page(
            lambda folder: _planned(
                folder, Change("app", "iris", Action.CREATE, (FieldChange(f"app setting `{EVIL}`", None, "x"),))
            )
        ),
    ),
    Row(
        "a note of the plan has tags",
        "they are words",
        Page(lambda folder: _planned(folder, Change("app", "x", Action.KEEP), EVIL)),
    ),
    Row(
        "the app's answer ends the block of code that it stands in",
        "it does not",
        Page(lambda folder: _verified(folder, answer=f"```\n{EVIL}\n~~~\n</details>")),
        "R18",
    ),
    Row(
        "a warning of the user's script has a picture",
        "it is words",
        Page(lambda folder: _verified(folder, warnings=(ToldWarning(EVIL, None),))),
    ),
    Row(
        "why `init()` could not be seen has tags",
        "they are words",
        Page(lambda folder: _verified(folder, unproven=f"the app said\n\n{EVIL}")),
    ),
    Row(
        "a file's name has backticks and a picture",
        "it is words",
        Page(lambda folder: _with(folder, CodeFound("s`rc", {f"a`b{EVIL}.txt": 3, "``": 2, "c\n# d": 1}))),
        "R18",
    ),
    Row(
        "a channel's name in the environment has tags",
        "they are words",
        Page(lambda folder: _resolved(folder, f"The channel {EVIL} was left aside.")),
    ),
    Row(
        "a part of the story is called like a cell of a table",
        "it is one cell",
        Page(lambda folder: [*deployment(folder), StageEnded(f"a | b {EVIL}", 1.0, succeeded=True)]),
    ),
]
_PAGE = re.compile(r"https://(?:portal\.azure\.com|p\.test)/")


@each(PAGES)
def test_the_page_has_no_links_and_tags_of_others(row: Row[Page], tmp_path: Path) -> None:
    """As Markdown's own parser reads it: what there is besides words is what we write."""
    page = summary(spec_for(), row.case.events(tmp_path), row.case.failure, 9.0)

    kinds = kinds_on(page)

    assert kinds.pictures == []
    assert [] == [address for address in kinds.links if not _PAGE.match(address)]
    assert set(kinds.tags) <= {"<details>", "</details>", "<summary>", "</summary>", "<br>", "<code>", "</code>"}
    assert {heading for heading in kinds.headings if "iris" not in heading} <= {
        "How to use it", "Image", "Resources", "Plan", "Environment", "Timings"
    }  # fmt: skip
    assert kinds.uneven == []


NAMES: list[Row[str]] = [
    Row("the sample's name has a command in it", "it is one word of the shell", "a b$(touch evil).json", "R18"),
    Row("the sample's name has backticks", "it is one word of the shell", "a`touch evil`.json", "R18"),
    Row("the sample's name has quotes of both kinds", "it is one word of the shell", "a'b\"c;touch evil;.json", "R18"),
    Row("the sample's name looks like an option", "it is one word of the shell", "a --output evil.json"),
    Row("the sample's name has a line end", "it is one word of the shell", "a\ntouch evil\n.json"),
    Row("the sample's name redirects", "it is one word of the shell", "a>evil<b|c&d.json"),
    Row("the sample's name has a variable", "it is one word of the shell", "$HOME/!!{a,b}*.json"),
]
TRIGGERS: dict[str, Trigger] = {
    "http": HttpTrigger(),
    "blob": BlobTrigger("input/{name}.{ext}", "output/{name}"),
    "queue": ServiceBusQueueTrigger("requests", "answers"),
}
_FAKES = """\
az() { printf '%s\\0' "$@" >>told; echo key; }
curl() { printf '%s\\0' "$@" >>told; }
python() { printf '%s\\0' "$@" >>told; cat >/dev/null; }
pip() { :; }
"""


@pytest.mark.parametrize("trigger", TRIGGERS)
@each(NAMES)
def test_commands_to_paste_run_no_other(row: Row[str], trigger: str, tmp_path: Path) -> None:
    """A shell is given what people paste."""
    spec = spec_for(data_storage_account="irisdata", service_bus_namespace="iris-bus")
    spec = replace(spec, trigger=TRIGGERS[trigger], sample_request=spec.workspace / row.case)
    [event] = [event for event in deployment(tmp_path) if isinstance(event, AppVerified)]
    lines = how_to_call(spec, spec.target or TARGET, event.verified, columns=60)
    (tmp_path / "pasted").mkdir()

    shell = shutil.which("bash") or "sh"
    subprocess.run([shell, "-c", f"{_FAKES}\n" + "\n".join(lines)], cwd=tmp_path / "pasted", check=True, timeout=20)

    words = (tmp_path / "pasted/told").read_text().split("\0")
    assert {"told"} == {file.name for file in (tmp_path / "pasted").iterdir()}
    assert any(row.case in word for word in words)
    assert [] == [word for word in words if word == "--output" and trigger != "http"]


VALUES: list[Row[str]] = [
    Row(
        "an output's value ends the block that it is written in",
        "it is a part of the value",
        "a\nghadelimiter_x\nevil<<E\nb\nE",
        "R18",
    ),
    Row(
        "an output's value is a line of another output",
        "there is no other output",
        "a\nevil=b\nname<<EOF\nx\nEOF",
        "R18",
    ),
    Row(
        "an output's value is a command of the agent",
        "it is the value",
        "a]##vso[task.setvariable variable=evil]b",
        "R18",
    ),
    Row("an output's value has signs that commands have", "it arrives as it is", "100 % of [a;b], x=y %0A %AZP25"),
]


@pytest.mark.parametrize("host", ["GitHub", "Azure Pipelines"])
@each(VALUES)
def test_an_output_is_one_output(row: Row[str], host: str, tmp_path: Path) -> None:
    """It arrives as it is, and brings no other along."""
    told = HOSTS[host](tmp_path, lambda ci: ci.output("plan", row.case))

    assert told.outputs == {"plan": row.case}


@each(VALUES[:2])
def test_a_console_has_no_output_that_needs_quotes(row: Row[str], tmp_path: Path) -> None:
    """Its file is read by shells and by readers of dotenv files."""
    told = HOSTS["console"](tmp_path, lambda ci: ci.output("plan", row.case))

    assert told.outputs == {}
