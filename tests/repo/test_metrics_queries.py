"""The queries of the page on metrics ask for what the app sends, and the page tells all of it."""

from __future__ import annotations

import re

import pytest

from functions_model.payload import metrics
from functions_model.payload.metrics import BOUNDS
from support.documents import ROOT
from support.fenced import blocks

PAGE = (ROOT / "docs" / "how-to" / "metrics.md").read_text()
QUERIES = [block.text for block in blocks() if block.language == "kusto"]
NAMES = {metrics.START, metrics.INIT, metrics.RUN, metrics.BUCKET, metrics.ERRORS}
MODEL = {metrics.MODEL_NAME, metrics.MODEL_VERSION}
DIMENSIONS: dict[str, set[str]] = {
    metrics.START: MODEL,
    metrics.INIT: MODEL,
    metrics.RUN: MODEL | {metrics.TRIGGER, metrics.COLD_START, metrics.OUTCOME, metrics.ERROR_TYPE},
    metrics.BUCKET: MODEL | {metrics.TRIGGER, metrics.OUTCOME, metrics.UP_TO},
    metrics.ERRORS: MODEL | {metrics.TRIGGER, metrics.STEP, metrics.ERROR_TYPE},
}
"""Of each metric: `tests/contract/test_payload_metrics.py` and `tests/unit/payload/test_metrics.py` see them arrive."""
COLUMNS = {
    *("timestamp", "name", "valueSum", "valueCount", "valueMax", "customDimensions"),
    *("cloud_RoleName", "application_Version"),
}
"""Of the table `customMetrics`: https://learn.microsoft.com/azure/azure-monitor/reference/tables/appmetrics, by its
names in Application Insights (https://learn.microsoft.com/azure/azure-monitor/app/data-retention-configure)."""
WORDS = {
    *(
        "customMetrics",
        "where",
        "and",
        "in",
        "ago",
        "extend",
        "summarize",
        "by",
        "order",
        "desc",
        "render",
        "timechart",
    ),
    *("tostring", "todouble", "tolong", "sum", "sumif", "max", "bin", "percentilesw"),
}


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
class TestQueries:
    """Each query on the page."""

    def test_names_are_sent(self, query: str) -> None:
        """A metric that no app sends gives no line and no error: nobody would notice."""
        named = set(re.findall(r'"(functions_model\.[a-z._]+)"', re.sub(r"\[[^]]*\]", "", query)))

        assert named
        assert set() == named - NAMES

    def test_dimensions_are_those_of_the_metric(self, query: str) -> None:
        """One that it has not is empty, and no error either."""
        named = [name for name in NAMES if f'"{name}"' in query]
        asked = set(re.findall(r'customDimensions\["([^"]+)"\]', query))

        assert asked
        assert all(asked <= DIMENSIONS[name] for name in named)

    def test_values_are_sent(self, query: str) -> None:
        """What a dimension is compared with."""
        compared = set(re.findall(r'\) == "([^"]+)"', query)) | set(re.findall(r'trigger != "([^"]+)"', query))

        assert set() == compared - {metrics.SUCCESS, metrics.REFUSED, metrics.FAILURE, "other"}

    def test_columns_are_the_tables(self, query: str) -> None:
        """Or were made before: each word is a column, a word of the language, or a name that the query has given."""
        bare = re.sub(r'"[^"]*"', "", query)
        given = set(re.findall(r"(\w+) = ", bare))
        words = set(re.findall(r"\b[A-Za-z_]\w*\b", bare))

        assert set() == words - COLUMNS - WORDS - given

    def test_brackets_are_closed(self, query: str) -> None:
        """Each step begins with a bar."""
        lines = query.splitlines()

        assert "customMetrics" == lines[0]
        assert all(line.startswith("| ") for line in lines[1:])
        assert all(query.count(one) == query.count(other) for one, other in ("()", "[]"))
        assert 0 == query.count('"') % 2


def test_the_page_tells_all_that_is_sent() -> None:
    """Each metric and each dimension has its row."""
    rows = [line for line in PAGE.splitlines() if line.startswith("| ")]

    missing = [
        name for name in {*NAMES, *set.union(*DIMENSIONS.values())} if not any(f"`{name}`" in row for row in rows)
    ]
    assert [] == missing
    assert len(QUERIES) >= 4
    assert ", ".join(f"{bound:g}" for bound in BOUNDS[:7]) + f" ... {BOUNDS[-1]:g}" in PAGE
