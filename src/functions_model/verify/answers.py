"""What is odd about an answer that the inference server gave without an error: strict clients may not read it."""

from __future__ import annotations

import json
from typing import Any

from functions_model.verify.script import ToldWarning
from functions_model.verify.sources import Sources


class _NoJson(ValueError):
    """It holds a number that JSON does not have."""


def odd_answer(answer: str, sample: str, sources: Sources) -> tuple[ToldWarning, ...]:
    """Warnings about an answer: what is no JSON in it, and one that says nothing.

    Args:
        answer: As the app gave it.
        sample: The name of the file that was scored.
        sources: Where the script's files come from: the warning is on the line of `run()`.
    """
    try:
        document = json.loads(answer, parse_constant=_refuse)
        if isinstance(document, str) and document[:1] in {"[", "{"}:
            json.loads(document, parse_constant=_refuse)  # many scripts return the text of `json.dumps`
    except _NoJson as found:
        # RFC 8259, section 6; Python writes them all the same.
        what = f"The answer to `{sample}` has `{found}`, which is no JSON: many clients refuse it. Return None instead"
    except ValueError:
        return ()
    else:
        if document != {}:
            return ()
        # azureml_inference_server_http/api/aml_response.py makes it of None.
        what = f"The answer to `{sample}` is `{{}}`, as when `run()` returns nothing. Check that it returns its result"
    place = sources.run()
    shown = sources.shown(place)
    return (ToldWarning(f"{what}{f' ({shown})' if shown else ''}.", sources.location(place)),)


def _refuse(number: str) -> Any:
    raise _NoJson(number)
