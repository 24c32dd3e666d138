"""What is shown of an app's log while it is tried."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from functions_model.ci.plain import PlainHost
from functions_model.cli.app_output import AppOutput

if TYPE_CHECKING:
    from collections.abc import Sequence

_LOG = """\
bash: warning: setlocale: LC_ALL: cannot change locale
info: Host.Startup[0]
      Host version 4.1037.0.0
      second line
info: Host.Function.Console[0]
      the model is loaded
info: Function.score[0]
      Executing 'Functions.score'
info: Function.score.User[0]
      scored 2 rows
        indented
warn: Function.score.User[0]
      made with version 1.8.0
fail: Function.score.User[0]
      Traceback (most recent call last):
        File "score.py", line 8, in init
      KeyError: 'hunter2'
fail: Host.Startup[0]
      The 'score' function is in error: it is broken
"""


def _shown(lines: Sequence[str], *, verbose: bool = False) -> list[str]:
    stream = io.StringIO()
    ci = PlainHost(stream)
    ci.mask("hunter2")
    output = AppOutput(ci, verbose=verbose)
    for line in lines:
        output.hear(line)
    return stream.getvalue().splitlines()


class TestAppOutput:
    """`AppOutput`."""

    def test_shows_what_the_script_writes_and_what_goes_wrong(self) -> None:
        """Prints, logging and tracebacks, each line behind `app |`, without secrets and without the host's own."""
        assert [
            "app | bash: warning: setlocale: LC_ALL: cannot change locale",
            "app | the model is loaded",
            "app | scored 2 rows",
            "app |   indented",
            "app | warning: made with version 1.8.0",
            "app | error: Traceback (most recent call last):",
            'app |   File "score.py", line 8, in init',
            "app | KeyError: '***'",
            "app | error: The 'score' function is in error: it is broken",
        ] == _shown(_LOG.splitlines())

    def test_shows_all_of_it_where_all_is_wanted(self) -> None:
        """With `--verbose`."""
        shown = _shown(_LOG.splitlines(), verbose=True)

        assert len(_LOG.splitlines()) == len(shown)
        assert "app | info: Host.Startup[0]" in shown

    def test_goes_through_whoever_runs(self) -> None:
        """While a run draws below its log, the lines go above that; afterwards as before."""
        before, meanwhile = io.StringIO(), io.StringIO()
        output = AppOutput(PlainHost(before))
        with output.through(PlainHost(meanwhile)):
            output.hear("first")
        output.hear("second")

        assert ("app | second\n", "app | first\n") == (before.getvalue(), meanwhile.getvalue())
