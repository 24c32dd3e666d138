"""What runs of the product ask of the world, written down so that two recordings can be compared.

Each request is recorded once, however often it was sent: polls, and looks while waiting, depend on the machine. Of
writes in Resource Manager the number counts, too. A write tells which earlier ones were finished before it, as far as
one has to do with the other; the order of all else is left open.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

from support.cancelling import PLATFORM
from support.recorded_words import Words

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure_sandbox.journal import Entry
    from azure_sandbox.sandbox import Sandbox
    from support.deployment import Run

_TICK = 0.0001
"""Seconds to which the journal knows how long an answer took."""
_TEXT = 1 << 16
"""Bytes. A body that names a resource is no longer."""
_BLOB = re.compile(r"[?&](?:digest|mount)=sha256:([0-9a-f]{64})")
_APP = "/microsoft.web/sites/"
_LOG = re.compile(r"/containerlogs\?")

Step = dict[str, Any]
"""`code`, `outputs`, `requests`: by service a list of objects with `request`, `body`, `after`, `times`."""


@dataclass(frozen=True, slots=True)
class _Made:
    """A run, as it was seen.

    Attributes:
        run: What it left behind.
        asked: What it asked of Azure and of registries.
        visits: What it asked of its app.
    """

    run: Run
    asked: list[Entry]
    visits: list[Entry]


class Recorder:
    """Records runs against one sandbox.

    Args:
        sandbox: Nothing else uses it meanwhile.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self._journals = (sandbox.journal, sandbox.visits)
        self._words = Words(sandbox)
        self._made: dict[str, _Made] = {}
        self._sent: defaultdict[str, bytes] = defaultdict(bytes)
        for journal in self._journals:
            journal.keeps_bodies = True

    def record(self, name: str, run: Callable[[], Run], *, reads_log: bool) -> Run:
        """Make a run, and keep what it asked for and what it gave.

        Args:
            name: Of the step.
            run: Makes it.
            reads_log: Whether it reads the container's log in any case. Others do where an app takes long.
        """
        for journal in self._journals:
            journal.clear()
        made = run()
        everything, visits = (one.entries() for one in self._journals)
        asked = [one for one in everything if not one.agent.startswith(PLATFORM)]
        asked = [one for one in asked if reads_log or not _LOG.search(one.path)]
        self._words.learn(asked, made.masked)
        for entry in asked:
            self._sent[_path(entry)] += entry.body[:_TEXT].lower()
        self._made[name] = _Made(made, asked, visits)
        return made

    def steps(self) -> dict[str, Step]:
        """Every run as it is recorded. What one only names, such as an image that is planned, a later one has sent."""
        self._words.settle()
        return {name: self._step(made) for name, made in self._made.items()}

    def _step(self, made: _Made) -> Step:
        services: dict[str, list[Entry]] = {}
        for entry in made.asked:
            services.setdefault(entry.service, []).append(entry)
        for entry in made.visits:
            services.setdefault(f"app {entry.service}", []).append(entry)
        before = self._before([entry for entry in made.asked if entry.is_write])
        requests = {service: self._once(entries, before) for service, entries in sorted(services.items())}
        return {"code": made.run.code, "outputs": self._outputs(made.run), "requests": requests}

    def _outputs(self, run: Run) -> dict[str, Any]:
        said: dict[str, Any] = {name: self._words.text(text) for name, text in sorted(run.outputs.items())}
        if "plan" in said:
            said["plan"] = _with_roles_sorted(self._words.value(json.loads(run.outputs["plan"])))
        if "lock" in said:
            said["lock"] = f"sha256:{hashlib.sha256(said['lock'].encode()).hexdigest()}"
        return said

    def _once(self, entries: list[Entry], before: dict[int, list[Entry]]) -> list[dict[str, Any]]:
        """The requests of one service, each once, in the order of their texts."""
        found: dict[str, dict[str, Any]] = {}
        after: defaultdict[str, set[str]] = defaultdict(set)
        times = Counter[str]()
        for entry in entries:
            told = {"request": self._request(entry), "body": self._words.body(entry.body)}
            key = f"{told['request']} {json.dumps(told['body'], sort_keys=True)}"
            found[key] = told
            times[key] += entry.is_write and entry.service == "arm"
            after[key] |= {self._request(one) for one in before.get(id(entry), ())}
        whole = ({**found[key], "after": sorted(after[key]), "times": times[key]} for key in sorted(found))
        return [{name: value for name, value in one.items() if value not in (None, [], 0)} for one in whole]

    def _request(self, entry: Entry) -> str:
        return f"{entry.method} {self._words.text(entry.path)}"

    def _before(self, writes: list[Entry]) -> dict[int, list[Entry]]:
        """By the `id` of each write those that were finished before, less what was before one of these already."""
        every = {id(entry): {id(one): one for one in writes if self._is_before(one, entry)} for entry in writes}
        return {
            entry: [one for key, one in ones.items() if not any(key in every[other] for other in ones)]
            for entry, ones in every.items()
        }

    def _is_before(self, one: Entry, entry: Entry) -> bool:
        """Whether a write was finished before another one that it has to do with."""
        if one.begun + one.seconds > entry.begun + _TICK:
            return False
        if one.service == "arm" == entry.service:
            return self._concerns(_path(one), entry)
        return _names_content(one, entry)

    def _concerns(self, name: str, entry: Entry) -> bool:
        """Whether a write is of the same resource, of one above or below, or names it; a deletion named it before.

        An app needs all the rest, or is needed by it.
        """
        path = _path(entry)
        if f"{path}/".startswith(f"{name}/") or f"{name}/".startswith(f"{path}/") or _APP in f"{path} {name}":
            return True
        if entry.method == "DELETE":
            return path.encode() in self._sent[name] or name.encode() in self._sent[path]
        return name.encode() in entry.body[:_TEXT].lower()


def _with_roles_sorted(plan: dict[str, Any]) -> dict[str, Any]:
    """A plan whose roles to take away are in the order of their names: theirs follows from GUIDs."""
    changes: list[dict[str, Any]] = []
    for what, together in groupby(plan["changes"], key=lambda change: (change["kind"], change["action"])):
        found = list(together)
        changes += sorted(found, key=_name) if what == ("role assignment", "delete") else found
    return {**plan, "changes": changes}


def _name(change: dict[str, Any]) -> str:
    return str(change["name"])


def _names_content(one: Entry, entry: Entry) -> bool:
    """Whether a write names the image that another one has pushed, or its manifest a blob that came there before."""
    if one.service != "registry":
        return False
    if "/manifests/" in one.path:
        digest = hashlib.sha256(one.body).hexdigest()
    elif entry.service == "registry" and _repository(one) == _repository(entry) and (blob := _BLOB.search(one.path)):
        digest = blob[1]
    else:
        return False
    return digest.encode() in entry.body[:_TEXT] and (entry.service == "arm" or "/manifests/" in entry.path)


def _repository(entry: Entry) -> str:
    return entry.path.partition("/blobs/")[0].partition("/manifests/")[0]


def _path(entry: Entry) -> str:
    return entry.path.partition("?")[0].rstrip("/").lower()
