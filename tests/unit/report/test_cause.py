"""The cause of a failure, out of the log of an app."""

from __future__ import annotations

import pytest

from functions_model.core.failures import NotLive
from functions_model.report.cause import cause_in
from functions_model.report.page import summary
from support.wanted import spec_for

CHAIN = """\
fail: Function.score.User[0]
      Encountered Exception Traceback (most recent call last):
        File "/home/site/wwwroot/.python_packages/lib/site-packages/azureml_inference_server_http/x.py", line 119, in y
          self._user_init()
        File "/var/azureml-app/serving/score.py", line 9, in init
          raise RuntimeError("weights are of the wrong shape")
      RuntimeError: weights are of the wrong shape

      The above exception was the direct cause of the following exception:

      Traceback (most recent call last):
        File "/home/site/wwwroot/.python_packages/lib/site-packages/azureml_inference_server_http/z.py", line 1, in z
          raise UserScriptException(ex) from ex
      azureml_inference_server_http.UserScriptException: Caught an unhandled exception
info: Host[0]
"""
ALONE = """\
Traceback (most recent call last):
  File "/var/azureml-app/score.py", line 3, in run
    return {}["x"]
           ~~^^^^^
KeyError: 'x'
"""


class TestCause:
    """`cause_in`."""

    @pytest.mark.parametrize(
        ("log", "cause"),
        [
            ("", ""),
            ("info: all is well", ""),
            ("Traceback (most recent call last):", ""),
            (ALONE, "score.py, line 3: KeyError: 'x'"),
            (CHAIN, "serving/score.py, line 9: RuntimeError: weights are of the wrong shape"),
            (CHAIN + ALONE, "score.py, line 3: KeyError: 'x'"),
            (
                'Traceback (most recent call last):\n  File "/opt/site-packages/a.py", line 1, in a\nImportError: no b',
                "ImportError: no b",
            ),
        ],
    )
    def test_is_the_first_of_a_chain_at_the_users_own_line(self, log: str, cause: str) -> None:
        """Of several chains the last; frames of libraries are nobody's fault here."""
        assert cause == cause_in(log)

    def test_stands_outside_of_what_is_folded(self) -> None:
        """Whoever reads the page sees it without a click."""
        page = summary(spec_for(), [], NotLive("verify the app", "it fails", "Look.", detail=CHAIN), 1.0)

        assert 0 < page.index("RuntimeError: weights") < page.index("<details>")
