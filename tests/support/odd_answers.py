"""Answers of Azure as nobody wrote them, for whole runs on the sandbox: the same chance makes the same ones."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from support.fuzzing import HOSTILE_TEXTS, STRANGE, Change, changed

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from azure_sandbox.faults import Fault

_STATUSES = (200, 200, 200, 201, 202, 204, 400, 404, 409, 500)
_KINDS = ("application/json", "application/json", "application/json; charset=klingon", "text/plain", "text/html")
_LONG = b"[" + b"0," * (4 << 20) + b"0]"
"""Eight MiB of zeros."""
_OTHERS: tuple[Any, ...] = (None, True, 0, -1, 2**70, 1e308, [], {}, [None], {"value": []}, *HOSTILE_TEXTS)
_MOST_CHANGES = 3


def odd_answer(chance: random.Random, fault: Fault) -> Fault:
    """A fault that strikes when another one would, by an answer of another form."""
    plain = replace(fault, delay=0.0, drop_connection=False, executed=chance.random() < 0.3)
    headers = {"Content-Type": chance.choice(_KINDS)}
    return replace(plain, status=chance.choice(_STATUSES), headers=headers, body=chance.choice((*STRANGE, _LONG)))


def spoiled_answer(chance: random.Random, fault: Fault) -> Fault:
    """A fault that strikes when another one would, by the true answer with some things changed, or cut off."""
    plain = replace(fault, delay=0.0, drop_connection=False, executed=False)
    return replace(plain, status=None, body=None, headers={}, spoiled=_spoiler(chance))


def _spoiler(chance: random.Random) -> Callable[[bytes], bytes]:
    hows = ("other", "other", "gone", "wrapped", "turned")
    changes = [
        Change(chance.randrange(300), chance.choice(hows), chance.choice(_OTHERS))
        for _ in range(chance.randint(1, _MOST_CHANGES))
    ]
    is_cut, at = chance.random() < 0.1, chance.random()

    def spoiled(body: bytes) -> bytes:
        if is_cut:
            return body[: int(len(body) * at)]
        try:
            document = json.loads(body)
        except ValueError:
            return body
        return json.dumps(changed(document, changes)).encode()

    return spoiled
