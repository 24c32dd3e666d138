"""A browser that a test drives: pages are looked at, filled in and clicked as a person does it, in headless Chromium.

The browser is the machine's own (Debian package `chromium`): Playwright brings none, and fetches none here.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

from support.tools import chromium

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

_MILLISECONDS = 60_000


@contextmanager
def browser() -> Iterator[Browser]:
    """Chromium, for the length of the block."""
    with sync_playwright() as driver:
        quiet = ["--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        with driver.chromium.launch(executable_path=chromium(), args=quiet) as opened:
            yield opened


@contextmanager
def page(
    opened: Browser, *, width: int = 1280, height: int = 900, dark: bool = False, scale: float = 1
) -> Iterator[Page]:
    """An empty page of its own; each wait for something on it ends after a minute.

    Args:
        opened: The browser.
        width: CSS pixels.
        height: CSS pixels.
        dark: Whether the person likes dark pages.
        scale: Pixels of the screen for each CSS pixel.
    """
    with opened.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        device_scale_factor=scale,
        reduced_motion="reduce",
        locale="en-GB",
    ) as context:
        context.set_default_timeout(_MILLISECONDS)
        yield context.new_page()
