"""Python as a syntax tree. Nothing is run."""

from __future__ import annotations

import ast
import sys
import warnings


def parse_python(source: bytes | str, minor: int = sys.version_info.minor) -> ast.Module:
    """The tree of a file.

    Args:
        source: The file.
        minor: Of the Python 3 whose rules count; those of a later one than this process's own are not known.

    Raises:
        SyntaxError: It is not Python, or that of a later one.
        ValueError: It holds null bytes, or is nested too deeply.
    """
    with warnings.catch_warnings(action="ignore"):  # such as invalid escapes in strings: the file runs all the same
        try:
            return ast.parse(source, feature_version=(3, min(minor, sys.version_info.minor)))
        except (RecursionError, MemoryError) as error:  # the parser says of some that it has no memory left for them
            raise ValueError("it is nested too deeply") from error
