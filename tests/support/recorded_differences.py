"""How two recordings of a step differ, a line for each request or field."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.recording import Step


def differences(before: Step, now: Step) -> list[str]:
    """What is new, what is gone, and which fields differ; nothing when the steps are the same."""
    found = list(_fields({**before, "requests": None}, {**now, "requests": None}))
    for service in sorted({*before["requests"], *now["requests"]}):
        found += [
            f"{service}: {line}" for line in _of_service(*(one["requests"].get(service, []) for one in (before, now)))
        ]
    return found


def _of_service(before: list[dict[str, Any]], now: list[dict[str, Any]]) -> Iterator[str]:
    gone, new = ([one for one in these if one not in those] for these, those in ((before, now), (now, before)))
    for one in gone:
        alike = [other for other in new if other["request"] == one["request"]]
        if alike:
            # Of several with other bodies, the one that has most in common.
            nearest = min(alike, key=lambda other: len(list(_fields(one, other))))
            new.remove(nearest)
            yield from (f"{one['request']}: {line}" for line in _fields(one, nearest))
        else:
            yield f"gone: {_told(one)}"
    yield from (f"new: {_told(one)}" for one in new)


def _told(request: dict[str, Any]) -> str:
    return f"{request['request']} {json.dumps(request['body'])[:500] if 'body' in request else ''}".rstrip()


def _fields(before: Any, now: Any, place: str = "") -> Iterator[str]:
    if before == now:
        return
    match before, now:
        case dict(), dict():
            for name in sorted({*before, *now}):
                yield from _fields(before.get(name), now.get(name), f"{place}.{name}" if place else name)
        case list(), list() if len(before) == len(now):
            for at, (one, other) in enumerate(zip(before, now, strict=True)):
                yield from _fields(one, other, f"{place}[{at}]")
        case list(), list():
            yield from (f"{place}: gone {json.dumps(one)}" for one in before if one not in now)
            yield from (f"{place}: new {json.dumps(one)}" for one in now if one not in before)
        case _:
            yield f"{place}: {json.dumps(before)} is now {json.dumps(now)}"
