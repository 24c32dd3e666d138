"""Many questions to Resource Manager at once, before something is removed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from azure.core.exceptions import AzureError

from functions_model.azure.errors import explain
from functions_model.core.failures import PlanRefused, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def ask(questions: Mapping[str, Callable[[], Any]]) -> dict[str, Any]:
    """The answers, by what is asked for.

    Raises:
        PlanRefused: One could not be had; every reason is told.
    """
    problems, answers = [], {}
    with ThreadPoolExecutor(max_workers=max(1, len(questions)), thread_name_prefix="survey") as threads:
        asked = {what: threads.submit(question) for what, question in questions.items()}
    for what, answer in asked.items():
        try:
            answers[what] = answer.result()
        except AzureError as exc:
            error = explain(exc, f"read the {what}")
            problems.append(Problem(f"the {what} cannot be read: {error.reason}", error.remedy))
    if problems:
        raise PlanRefused("read the live resources", problems)
    return answers
