"""Durations as .NET writes them, `[d.]hh:mm:ss`, as host.json has them.

https://learn.microsoft.com/dotnet/standard/base-types/standard-timespan-format-strings
"""

from __future__ import annotations

import re

_SPAN = re.compile(r"(?:(\d{1,7})\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.\d{1,7})?)?")
_LIMITS = (24, 60, 60)


def seconds_of(text: str) -> int | None:
    """Whole seconds of a duration; None when the text is none.

    `24:00:00` is none: .NET takes hours from 0 to 23 and reads 24 as days.
    """
    match = _SPAN.fullmatch(text.strip())
    if not match:
        return None
    days, *parts = (int(part or 0) for part in match.groups())
    if any(part >= limit for part, limit in zip(parts, _LIMITS, strict=True)):
        return None
    hours, minutes, seconds = parts
    return ((days * 24 + hours) * 60 + minutes) * 60 + seconds


def span_of(seconds: int) -> str:
    """The text of a duration: `00:35:00`, `1.00:00:00`."""
    minutes, second = divmod(seconds, 60)
    hours, minute = divmod(minutes, 60)
    days, hour = divmod(hours, 24)
    return (f"{days}." if days else "") + f"{hour:02}:{minute:02}:{second:02}"
