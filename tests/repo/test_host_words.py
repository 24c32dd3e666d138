"""What only App Service knows stands in its own room: how many files elsewhere use its words."""

from __future__ import annotations

import re
from pathlib import Path

PRODUCT = Path(__file__).parents[2] / "src/functions_model"
WORDS = re.compile(
    r"linuxFxVersion|linux_fx_version|site_config|web_apps|Microsoft\.Web/|serverfarms|WEBSITE_|azurewebsites|DOCKER\||"
    r"\bslots?\b(?!=)"
)
ELSEWHERE = {
    "cli/__init__.py",  # what people read
    "core/names.py",  # what people call a candidate
    "inputs/catalogue.py",
    "inputs/hosting.py",  # the inputs themselves
    "inputs/placing.py",
    "inputs/rules.py",
    "inputs/target.py",
    "payload/metric_sender.py",  # runs in the app, as the next one
    "payload/scoring.py",
}
"""Nine at the most: a second host costs each of them a look."""


def test_stand_in_the_room_of_app_service() -> None:
    """And nowhere else but where inputs are read, names are told, and in the app itself."""
    found = {
        path.relative_to(PRODUCT).as_posix()
        for path in PRODUCT.rglob("*.py")
        if not path.is_relative_to(PRODUCT / "hosting/app_service") and WORDS.search(path.read_text())
    }

    assert found == ELSEWHERE
    assert len(found) <= 9
