"""Pages of packages (`--find-links`) that cannot be read. uv refuses all, pip goes on without them, and so do we.

https://pip.pypa.io/en/stable/cli/pip_install/#finding-packages: pip warns and takes what the other places have
(pypa/pip, `_internal/index/collector.py`, `_handle_get_simple_fail`). Tools write such lines by themselves, and their
pages go offline: azureml-core's `CondaDependencies` is one of them. An index is not passed over: what it was to bring
could be had from another place then, under the same name.
"""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from functions_model.core.secrets import Secret
from functions_model.environment.addresses import shown
from functions_model.environment.request import EnvironmentRequest
from functions_model.environment.uv_process import UvRefused

_UNREADABLE = re.compile(r"Failed to read `--find-links` URL: (?P<url>\S+)")
_STATUS = re.compile(r"\b[45][0-9]{2}(?: [A-Z][A-Za-z ]+)?(?=\))")


def without_unreadable_page(request: EnvironmentRequest, refusal: UvRefused) -> EnvironmentRequest | None:
    """The request without the page that uv could not read, and with a warning; None when it refuses something else.

    Args:
        request: As uv was asked.
        refusal: What it said.
    """
    said = refusal.said.reveal() if refusal.said else ""
    match = _UNREADABLE.search(said)
    page = next((page for page in _pages(request) if match and _is(page, match["url"])), None)
    if page is None:
        return None
    kept = tuple(place for place in request.indexes.find_links if place is not page)
    warning = (
        f"The page `{shown(page.reveal())}` (`--find-links`) is skipped, as it cannot be read ({_why(said)}). What only"
        " that page has is not found. Remove the line if nothing needs it."
    )
    return replace(request, indexes=replace(request.indexes, find_links=kept), warnings=(*request.warnings, warning))


def _pages(request: EnvironmentRequest) -> list[Secret]:
    return [place for place in request.indexes.find_links if isinstance(place, Secret)]


def _is(page: Secret, told: str) -> bool:
    """Whether uv, which leaves out logins and stars out parts of queries, means that page."""
    return _plain(page.reveal()) == _plain(told)


def _plain(address: str) -> tuple[str, str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc.rpartition("@")[2].lower(), unquote(parts.path).rstrip("/")


def _why(said: str) -> str:
    """`404 Not Found`, or `no such host`: never an address."""
    if status := _STATUS.search(said):
        return status[0]
    return said.splitlines()[-1].partition("cause:")[2].strip() or "no answer"
