"""What indexes answer instead of what they have: that they want a login, or a page for people.

uv takes what an index does not show for packages that do not exist.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from functions_model.core.secrets import Secret
from functions_model.environment.addresses import shown
from functions_model.environment.request import IndexSettings
from functions_model.environment.ways_out import Advice

_REFUSED = re.compile(
    r"An index(?: URL)? \((?P<url>[^\s)]+)\) (?:could not be queried due to a lack of valid authentication credentials"
    r"|returned a (?=40[13]\b))[^\n]*?(?P<status>40[13])\b"
)
_NO_PAGE = re.compile(
    r"(?:unexpected (?:JSON|HTML) from|Unsupported `Content-Type` .* for|Missing `Content-Type` header for)"
    r" `?(?P<url>https?://[^\s`]+[^\s`.])"
)
_NO_PAGE_REMEDY = "Check the index's address (most end in `/simple`), and that no login page or proxy answers instead."
_GUIDE = "See `Private indexes and channels` in docs/how-to/build.md."


def for_index(words: str, indexes: IndexSettings) -> Advice | None:
    """About an index that uv may not read, or that answers with something else; None when uv says nothing of the kind.

    Args:
        words: What uv said.
        indexes: As the file names them.
    """
    match = _REFUSED.search(words)
    if match:
        return advice_for("the index ", match["url"], match["status"], indexes)
    page = _NO_PAGE.search(words)
    return (
        Advice(f"`{page['url']}` answered with something that is no page of an index", _NO_PAGE_REMEDY)
        if page
        else None
    )


def advice_for(kind: str, url: str, status: str, indexes: IndexSettings) -> Advice:
    """About an address that was refused.

    Args:
        kind: What it is, before it; may be empty.
        url: As uv shows it: the index, or a file that an index names.
        status: HTTP's.
        indexes: As the file names them.
    """
    option, known = _of_file(url, indexes)
    if known and urlsplit(known.reveal()).username:
        what = f"{kind}`{url}` refused the login that the environment file has for it ({status})"
        remedy = "Check that its token still holds, may read packages, and is filled from the secret that is meant."
        return Advice(what, f"{remedy} {_GUIDE}")
    what = f"{kind}`{url}` {'wants a login' if status == '401' else 'refused'} ({status})"
    parts = urlsplit(url)
    start, rest = f"{parts.scheme}://USER:", f"@{parts.netloc}{parts.path}"
    if known:
        way = f"Write `{option} {start}${{INDEX_TOKEN}}{rest}`, and give `INDEX_TOKEN` in `env:` from a secret."
    else:
        way = f"Check the login in the variable that names it (`UV_DEFAULT_INDEX`, `UV_INDEX`): `{start}TOKEN{rest}`."
    return Advice(what, f"{way} {_GUIDE}")


def _of_file(url: str, indexes: IndexSettings) -> tuple[str, Secret | None]:
    """The option that names an index in the environment file, and its address there."""
    named = [("--extra-index-url", one) for one in indexes.extra]
    named += [("--index-url", indexes.index)] if indexes.index else []
    return next(((option, one) for option, one in named if url.startswith(shown(one.reveal()).rstrip("/"))), ("", None))
