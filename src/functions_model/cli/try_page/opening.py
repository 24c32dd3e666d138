"""A browser is opened where somebody sits before one."""

from __future__ import annotations

import sys
import threading
import webbrowser
from collections.abc import Callable, Mapping
from pathlib import PurePath

from functions_model.ci.host import Facts

_IN_A_TERMINAL = frozenset({"www-browser", "links", "elinks", "lynx", "w3m", "browsh", "carbonyl"})
"""Browsers that would take the terminal over in which the command runs; the first five are those of `webbrowser`."""
_NONE = "none"
"""A value of BROWSER that development servers of web pages have for it: https://create-react-app.dev, advanced
configuration, and https://vite.dev, `server.open`."""


def open_page(
    address: str,
    facts: Facts,
    environ: Mapping[str, str],
    *,
    browser: Callable[[], webbrowser.BaseBrowser] = webbrowser.get,
    platform: str = sys.platform,
) -> bool:
    """Open the page in a new tab, where there is a browser with windows; whether that is tried.

    Args:
        address: Of the page.
        facts: Of the machine: no browser is opened from a job, or by a script.
        environ: The process environment.
        browser: Finds the one that people have chosen.
        platform: As `sys.platform`.
    """
    if not facts.has_terminal or not _has_windows(environ, platform):
        return False
    try:
        chosen = browser()
    except webbrowser.Error:
        return False
    if PurePath(getattr(chosen, "name", "")).name in _IN_A_TERMINAL:
        return False
    # Some come back only when their window is closed.
    threading.Thread(target=chosen.open_new_tab, args=(address,), name="browser", daemon=True).start()
    return True


def _has_windows(environ: Mapping[str, str], platform: str) -> bool:
    if environ.get("BROWSER", "").strip().lower() == _NONE:
        return False
    if environ.get("DISPLAY") or environ.get("WAYLAND_DISPLAY"):
        return True
    far = any(environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"))
    return platform in {"darwin", "win32"} and not far
