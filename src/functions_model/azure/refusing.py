"""Reading live resources as one step of a run: what cannot be read, or not be understood, is told as its refusal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from azure.core.exceptions import AzureError

from functions_model.azure.errors import explain
from functions_model.azure.misread import understood
from functions_model.core.failures import PlanRefused, Problem


@contextmanager
def read_or_refused(action: str, subject: str = "") -> Iterator[None]:
    """Read inside, or decorate what reads.

    Args:
        action: What is being done, as it follows "Could not".
        subject: The input that it is about, where the error names none.

    Raises:
        PlanRefused: An answer refuses, or is not what it must be.
    """
    try:
        with understood():
            yield
    except AzureError as exc:
        error = explain(exc, action)
        raise PlanRefused(action, [Problem(error.reason, error.remedy, error.subject or subject)]) from exc
