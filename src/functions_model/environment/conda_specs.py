"""Conda's way to write a package and its version, and the same for wheels (PEP 440).

https://docs.conda.io/projects/conda-build/en/stable/resources/package-spec.html#package-match-specifications
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.version import InvalidVersion, Version

from functions_model.core.failures import RuleBroken

_SPEC = re.compile(
    r"(?:(?P<channel>[^\s:\[\]]+(?::[^\s:\[\]]+)?)::)?(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)\s*(?P<rest>.*)", re.DOTALL
)
_AROUND_OPERATORS = re.compile(r"\s*([<>=!~,|]+)\s*")
_KEY = re.compile(r"\s*(?P<key>[a-z_]+)\s*=\s*(?P<quote>['\"]?)(?P<value>.*?)(?P=quote)\s*(?:,(?=\s*[a-z_]+\s*=\s*)|$)")
_CLAUSE = re.compile(r"(?P<operator>==|!=|>=|<=|~=|>|<|=)?(?P<version>[A-Za-z0-9_.!+*]+)")


@dataclass(frozen=True, slots=True)
class CondaSpec:
    """A conda dependency.

    Attributes:
        name: In lower case.
        version: Conda's version expression without blanks (`1.7.*`, `>=1.2,<2`); empty allows all.
        channel: Empty when none is named.
        build: The build string, which wheels have no word for; empty when none is named.
    """

    name: str
    version: str = ""
    channel: str = ""
    build: str = ""


def parse_conda_spec(text: str) -> CondaSpec:
    """A dependency as an environment file writes it.

    Raises:
        RuleBroken: It is not one.
    """
    match = _SPEC.fullmatch(text.strip())
    if not match:
        raise _unreadable(text)
    rest = _AROUND_OPERATORS.sub(r"\1", match["rest"].strip())
    bracketed: dict[str, str] = {}
    if match["rest"].rstrip().endswith("]"):
        before, _, inside = match["rest"].strip().partition("[")
        bracketed = _bracket(inside.removesuffix("]"), text)
        rest = _AROUND_OPERATORS.sub(r"\1", before.strip())
    version, build = _version_and_build(rest, text)
    return CondaSpec(
        match["name"].lower(),
        _AROUND_OPERATORS.sub(r"\1", bracketed.get("version", version).strip()),
        bracketed.get("channel", match["channel"] or ""),
        bracketed.get("build", build),
    )


def _bracket(inside: str, text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    position = 0
    while position < len(inside):
        match = _KEY.match(inside, position)
        if not match or match["key"] not in {"version", "build", "channel", "subdir", "build_number"}:
            raise _unreadable(text)
        found[match["key"]] = match["value"]
        position = match.end()
    return found


def _version_and_build(rest: str, text: str) -> tuple[str, str]:
    """`=1.7` is 1.7.* while `=1.7=py_0`, `==1.7` and ` 1.7` are 1.7 itself."""
    words = rest.split()
    if len(words) > 2 or (words and words[0] in {"=", "=="}):
        raise _unreadable(text)
    version = words[0] if words else ""
    build = words[1] if len(words) == 2 else ""
    with_build = re.fullmatch(r"=?(=)([^=<>!~,|]+)=([^=]+)", version)
    if with_build and not build:
        version, build = "==" + with_build[2], with_build[3]
    elif build and re.match(r"=[^=]", version):
        version = "=" + version
    return version, build


def pep440(spec: CondaSpec) -> str:
    """The version expression for wheels: `=1.7` -> `==1.7.*`.

    Raises:
        RuleBroken: PEP 440 has no words for it.
    """
    if "|" in spec.version:
        raise RuleBroken(
            f"`{spec.name}` allows one version or another (`{spec.version}`), which wheels' versions cannot say",
            "Write a range such as `>=1.7,<1.9`.",
        )
    clauses = [_clause(part, spec) for part in spec.version.split(",")] if spec.version else []
    return ",".join(clause for clause in clauses if clause)


def _clause(part: str, spec: CondaSpec) -> str:
    match = _CLAUSE.fullmatch(part)
    if not match:
        raise _unreadable(f"{spec.name} {spec.version}")
    operator, version = match["operator"] or "==", match["version"]
    if version == "*":
        return ""
    bare = re.sub(r"\.?\*$", "", version)
    _check_version(bare, spec)
    if operator == "=" or (operator == "==" and bare != version):
        return f"=={bare}.*"
    if operator == "!=" and bare != version:
        return f"!={bare}.*"
    return f"{operator}{bare}"


def _check_version(version: str, spec: CondaSpec) -> None:
    try:
        Version(version)
    except InvalidVersion as error:
        raise RuleBroken(
            f"`{version}` (of `{spec.name}`) is not a version that a wheel can have", "Correct it, or leave it out."
        ) from error


def _unreadable(text: str) -> RuleBroken:
    return RuleBroken(f"`{text}` is not a conda dependency", "Write it as `name`, `name=1.2` or `name>=1,<2`.")
