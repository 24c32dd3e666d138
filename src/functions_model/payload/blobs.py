"""A blob as content to score. The headers are named as Azure Storage's REST API names them."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from .content import Content, content_type_of, header_value, is_header_name

if TYPE_CHECKING:
    from azure.functions.blob import InputStream

READABLE = "".join(chr(code) for code in range(0x20, 0x7F) if chr(code) != "%")
"""Characters of a blob's name that stay as they are; all others are percent-encoded UTF-8."""


def blob_content(blob: InputStream) -> Content:
    """The blob's bytes, with its name (container included), its address and its metadata as headers."""
    name = quote(blob.name or "", safe=READABLE)
    headers = [("x-ms-blob-name", name), ("x-ms-blob-uri", header_value(blob.uri or ""))]
    for key, value in (blob.metadata or {}).items():
        if is_header_name(key):
            headers.append((f"x-ms-meta-{key}", header_value(value)))
    given = (blob.blob_properties or {}).get("ContentType")
    body = blob.read()
    return Content(f"blob `{name}`", body, content_type_of(given, body), tuple(headers))
