"""Lines of the input `tags` that are none, or that Azure would refuse: each is told, before anything is done."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from functions_model.core.spec import Mode
from functions_model.inputs.form import Form
from functions_model.inputs.paths import Workspace
from functions_model.inputs.tags import take_tags
from support.adversity import Row, each


@dataclass(frozen=True)
class Lines:
    """A text of the input.

    Attributes:
        text: The text.
        words: What must be told, each in a problem of its own; none for tags that are right.
        tags: What is taken of it.
    """

    text: str
    words: tuple[str, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)


ROWS: list[Row[Lines]] = [
    Row("a line of tags has no sign", "the line", Lines("a=1\nowner", ("line 2: it is not `name=value`",))),
    Row("a line of tags has a value alone", "the line", Lines("=4711", ("line 1: it is not `name=value`",))),
    Row("a tag's name has a slash", "name and sign", Lines("a/b=1", ("line 1: the name `a/b` has `/`",))),
    Row("a tag's name has a tab in it", "it is not shown raw", Lines("a\tb=1", ("`a?b` has a control character",))),
    Row(
        "three lines of tags are wrong, each in its own way",
        "all three at once",
        Lines("x<y=1\n\n# comment\nowner\nazure-x=1", ("line 1:", "line 4:", "line 5:")),
    ),
    Row(
        "a tag is given twice, in two spellings",
        "both lines: Azure sees one name",
        Lines("Env=a\nenv=b", ("line 2: `env` is given in line 1, too",)),
    ),
    Row(
        "a tag's name is too long for a storage account",
        "its length, and the most that Azure takes; not all of the name",
        Lines("n" * 129 + "=1", (f"the name `{'n' * 40}...` has 129 characters",)),
    ),
    Row("a tag's value is too long", "its length", Lines(f"a={'v' * 257}", ("the value of `a` has 257 characters",))),
    Row("a tag of ours is overwritten", "that it is ours", Lines("Managed-By=me", ("the action writes itself",))),
    Row(
        "a tag's name begins with a word of Azure's",
        "that Azure keeps the word",
        Lines("Microsoft-x=1", ("begins with a word that Azure keeps for itself",)),
    ),
    Row(
        "there are more tags than Azure takes beside ours",
        "how many there may be",
        Lines("\n".join(f"t{number}=x" for number in range(47)), ("these are 47 tags",)),
    ),
    Row("a tag's value has an escape code", "that it is no text", Lines("a=\x1b[31mred", ("control characters",))),
    Row(
        "tags have spaces, signs and no value where Azure takes that",
        "they are taken as they are, without the blanks around them",
        Lines(
            "  cost center = 47=11 \nempty=\nÜber:uns=ja", (), {"cost center": "47=11", "empty": "", "Über:uns": "ja"}
        ),
    ),
]


@each(ROWS)
def test_refused_tags(row: Row[Lines], tmp_path: Path) -> None:
    """All that is wrong is told, and nothing else."""
    form = Form({"tags": row.case.text}, Workspace(tmp_path), mode=Mode.DEPLOY)

    tags = take_tags(form)

    told = [str(problem) for problem in form.problems]
    assert len(told) == len(row.case.words), told
    assert [one for one, word in zip(told, row.case.words, strict=True) if word not in one] == []
    assert row.case.words or tags == row.case.tags
