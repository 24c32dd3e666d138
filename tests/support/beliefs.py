"""What the sandbox believes about Azure: the table in its README, and what was seen of it on the real thing."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SANDBOX = ROOT / "src" / "azure_sandbox" / "README.md"
RECORDINGS = ROOT / "tests" / "real" / "recordings"
HOST_FILES = ("tests/real/test_host.py", "tests/real/test_host_keys.py", "tests/real/test_image.py")
"""What `make real HOST_ONLY=1` runs; the other files of tests/real need a subscription."""
_HEADING = "## What it believes, and why"
_REAL = re.compile(r"`(tests/real/[^`]+)`(?: \((?:seen|differs) [^)]*\))?")


@dataclass(frozen=True, slots=True)
class Belief:
    """One row of the table.

    Attributes:
        behaviour: Of Azure.
        source: What it was read from.
        sure: One of the words that the README explains.
        tests: Each as `path::Class::test`.
        note: The whole cell with the tests.
    """

    behaviour: str
    source: str
    sure: str
    tests: tuple[str, ...]
    note: str

    @property
    def real(self) -> tuple[str, ...]:
        """Those tests that look at the real thing."""
        return tuple(test for test in self.tests if test.startswith("tests/real/"))

    @property
    def is_seen(self) -> bool:
        """Whether every one of these was run, and saw what is believed."""
        return bool(self.real) and self.note.count("(seen ") == len(self.real)

    @property
    def differs(self) -> bool:
        """Whether one of these saw something else."""
        return "(differs " in self.note


def beliefs(text: str) -> list[Belief]:
    """The rows below the heading."""
    rows = [re.split(r"(?<!\\)\|", line.strip().strip("|")) for line in _table(text).splitlines() if _is_row(line)]
    cells = [[cell.strip() for cell in row] for row in rows[1:]]
    return [Belief(row[0], row[1], row[2], tuple(re.findall(r"`(tests/[^`]+)`", row[3])), row[3]) for row in cells]


def recordings() -> list[dict[str, Any]]:
    """What was seen on the real thing, the oldest first."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in RECORDINGS.glob("*.json")]
    return sorted(found, key=lambda one: str(one["date"]))


def dated(text: str, seen: list[dict[str, Any]]) -> str:
    """The sandbox's README, each test of the real thing with what its last run saw, the day and the version.

    Args:
        text: As it stands.
        seen: Recordings, the oldest first.
    """
    table = _table(text)
    return text.replace(table, _REAL.sub(lambda found: f"`{found[1]}`{_last(found[1], seen)}", table))


def unverified(rows: list[Belief], seen: list[dict[str, Any]]) -> str:
    """The list of what is not verified: what no run on the real thing has shown, by what would show it.

    Rows that no check looks at are not in it: the page says that of them all.

    Args:
        rows: Of the table.
        seen: Recordings, the oldest first.
    """
    unseen = [row for row in rows if row.real and not row.is_seen and not row.differs]
    host = [row for row in unseen if any(test.startswith(HOST_FILES) for test in row.real)]
    parts = (
        ("Otherwise on the real thing, and not mended yet", [row for row in rows if row.differs]),
        ("For `make real HOST_ONLY=1` to show", host),
        ("For `make real` to show", [row for row in unseen if row not in host]),
    )
    return "\n".join([_looked_at(seen), *(f"{title}:\n\n{_list(found)}" for title, found in parts if found)])


def _looked_at(seen: list[dict[str, Any]]) -> str:
    if not seen:
        return "**So far, nobody has run this project against real Azure, or with Microsoft's base images and host.**\n"
    last = {one["target"]: f"{one['date']} ({one['versions'].get('host', 'version unknown')})" for one in seen}
    names = {"azure": "Azure", "host": "Microsoft's base image"}
    return "".join(f"{names[target]} was looked at last on {when}.\n" for target, when in sorted(last.items()))


def _list(rows: list[Belief]) -> str:
    return "".join(f"- {row.behaviour}\n" for row in rows)


def _table(text: str) -> str:
    return text.partition(_HEADING)[2].partition("\n## ")[0]


def _is_row(line: str) -> bool:
    return line.startswith("| ")


def _last(test: str, seen: list[dict[str, Any]]) -> str:
    """What the newest recording says of a test, or of all tests of a class."""
    check = test.removeprefix("tests/real/")
    for recording in reversed(seen):
        looks = [one for one in recording["observations"] if f"{one['check']}::".startswith(f"{check}::")]
        if looks:
            word = "seen" if all(one["agrees"] for one in looks) else "differs"
            return f" ({word} {recording['date']}, {recording['versions'].get('host', 'version unknown')})"
    return ""
