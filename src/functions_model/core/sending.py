"""HTTP requests that a cancel keeps from beginning."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter

from functions_model.core.cancel import CANCEL, Cancel

_READING_POST = re.compile(r"/(list\w*|check\w*|token|exchange|sync\w*|containerlogs)$", re.IGNORECASE)
"""Secrets, free names and tokens are asked for by POST, and triggers read again; nothing that we make changes by it."""


def changes(method: str, url: str) -> bool:
    """Whether a request may change something."""
    if method.upper() == "POST":
        return not _READING_POST.search(urlsplit(url).path)
    return method.upper() in {"PUT", "PATCH", "DELETE"}


class CancelledAdapter(HTTPAdapter):
    """The adapter of `requests`, which begins nothing after a cancel. It sees each redirect as a request of its own.

    Args:
        cancel: The flag.
        options: As `HTTPAdapter` takes them.
    """

    def __init__(self, cancel: Cancel = CANCEL, **options: Any) -> None:
        self._cancel = cancel
        super().__init__(**options)

    def send(self, request: requests.PreparedRequest, *arguments: Any, **options: Any) -> requests.Response:
        """Send it, unless the run was cancelled."""
        with self._cancel.request(writes=changes(request.method or "", request.url or "")) as sent:
            response = super().send(request, *arguments, **options)
            sent.status = response.status_code
            return response


def new_session(**options: Any) -> requests.Session:
    """A session whose requests a cancel keeps from beginning.

    Args:
        options: For its adapters, such as `pool_maxsize`.
    """
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, CancelledAdapter(**options))
    return session
