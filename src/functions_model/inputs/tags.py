"""The user's own tags: `name=value` lines, checked by Azure's rules.

https://learn.microsoft.com/azure/azure-resource-manager/management/tag-resources#limitations: 50 tags, names of 512
characters (128 on a storage account, which every deployment has), values of 256, and names that do not differ by
case alone. Prefixes: https://learn.microsoft.com/rest/api/resources/tags/create-or-update.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from functions_model.core.tags import LONGEST_VALUE, MOST_TAGS, OWN_TAGS
from functions_model.inputs.form import Form

_SUBJECT = "tags"
_LONGEST_NAME = 128
_FORBIDDEN = "<>%&\\?/"
_RESERVED = ("microsoft", "azure", "windows")
_LONGEST_SHOWN = 40


def take_tags(form: Form) -> dict[str, str]:
    """The tags by name, in their order; each line that is none, or that Azure would refuse, is noted."""
    tags: dict[str, str] = {}
    seen: dict[str, int] = {}
    for number, line in enumerate(form.text(_SUBJECT).splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        name, sign, value = (part.strip() for part in line.partition("="))
        problems = list(_problems(name, sign, value))
        if first := seen.get(name.casefold()):
            what = f"`{_shown(name)}` is given in line {first}, too"
            problems.append((what, "Names do not differ by case alone. Remove one."))
        for what, remedy in problems:
            form.refuse(_SUBJECT, f"line {number}: {what}", remedy)
        seen.setdefault(name.casefold(), number)
        tags[name] = value
    if len(tags) + len(OWN_TAGS) > MOST_TAGS:
        what = f"these are {len(tags)} tags; Azure takes {MOST_TAGS}, and the action writes {len(OWN_TAGS)} of its own"
        form.refuse(_SUBJECT, what, f"Give {MOST_TAGS - len(OWN_TAGS)} at most.")
    return tags


def _problems(name: str, sign: str, value: str) -> Iterator[tuple[str, str]]:
    """What is wrong with a line, and what to do."""
    if not (name and sign):
        yield "it is not `name=value`", "Write one tag on each line: `cost-center=4711`."
        return
    if bad := "".join(dict.fromkeys(char for char in name if char in _FORBIDDEN or _is_control(char))):
        yield f"the name `{_shown(name)}` has {_listed(bad)}", f"Azure takes no {' '.join(_FORBIDDEN)} in a tag's name."
    if len(name) > _LONGEST_NAME:
        what = f"the name `{_shown(name)}` has {len(name)} characters"
        yield what, f"Azure takes {_LONGEST_NAME} at most on a storage account."
    if len(value) > LONGEST_VALUE:
        yield f"the value of `{_shown(name)}` has {len(value)} characters", f"Azure takes {LONGEST_VALUE} at most."
    if any(map(_is_control, value)):
        yield f"the value of `{_shown(name)}` has control characters", "Use text alone."
    if name.lower() in OWN_TAGS:
        yield f"`{name}` is a tag that the action writes itself", "Remove the line, or choose another name."
    if name.lower().startswith(_RESERVED):
        yield f"the name `{_shown(name)}` begins with a word that Azure keeps for itself", "Choose another name."


def _is_control(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cs"}


def _listed(chars: str) -> str:
    return " and ".join("a control character" if _is_control(char) else f"`{char}`" for char in chars)


def _shown(name: str) -> str:
    text = "".join("?" if _is_control(char) else char for char in name)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."
