"""The rooms of the house, drawn from the code: which there are, on which floor, and which imports which."""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HOUSE = ROOT / "src" / "functions_model"
GROUND = "core"
"""Every room imports it: an arrow from each would hide all others."""


def floors() -> list[list[str]]:
    """The rooms, the highest floor first, as import-linter holds them."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    layers = next(one["layers"] for one in settings["contracts"] if one["type"] == "layers")
    return [[name.strip().removeprefix("functions_model.") for name in layer.split("|")] for layer in layers]


def rooms_picture() -> str:
    """The rooms as a Mermaid flowchart: an arrow to each room that one imports, where no longer way leads there."""
    rooms = floors()
    lines = ["```mermaid", "flowchart TB"]
    for number, names in zip(range(len(rooms) - 1, -1, -1), rooms, strict=True):
        lines.append(f'  subgraph floor{number}["floor {number}"]')
        lines += [f"    {name}" for name in names]
        lines.append("  end")
    lines += [f"  {room} --> {other}" for room, other in sorted(_shown(_imports(rooms)))]
    return "\n".join([*lines, "```"]) + "\n"


def rooms_table() -> str:
    """What each room is for, in the first sentence of its own."""
    rooms = floors()
    lines = ["| floor | room | purpose |", "|---|---|---|"]
    for number, names in zip(range(len(rooms) - 1, -1, -1), rooms, strict=True):
        lines += [f"| {number} | `{name}` | {_purpose(name)} |" for name in names]
    return "\n".join(lines) + "\n"


def _purpose(room: str) -> str:
    text = ast.get_docstring(ast.parse((HOUSE / room / "__init__.py").read_text())) or ""
    return text.partition("\n")[0].rstrip(".")


def _imports(rooms: list[list[str]]) -> dict[str, set[str]]:
    """The rooms that each room imports, for annotations too."""
    names = {name for floor in rooms for name in floor}
    found: dict[str, set[str]] = {name: set() for name in names}
    for room in names:
        for file in (HOUSE / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("functions_model."):
                    found[room].add(node.module.split(".")[1])
    return {room: others & names - {room, GROUND} for room, others in found.items()}


def _shown(imports: dict[str, set[str]]) -> set[tuple[str, str]]:
    """Without what follows: when a room imports another that imports a third, the third need not be shown."""

    def reached(room: str) -> set[str]:
        return set().union(*({other} | reached(other) for other in imports[room]), set())

    return {
        (room, other)
        for room, others in imports.items()
        for other in others
        if not any(other in reached(between) for between in others - {other})
    }
