"""What the user's script raised or warned of, in words: the exception, the user's own line, and the way out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import PurePosixPath

from functions_model.core.debian import is_of_a_gpu, package_of
from functions_model.core.failures import Location
from functions_model.core.masking import in_one_line
from functions_model.verify.noted import OURS, Raised, Warned
from functions_model.verify.sources import Sources

MOST_WARNINGS = 10
_LONGEST = 400
_MOST_FILES = 5
_LIBRARY = re.compile(r"(?P<library>lib[\w.+-]+\.so[\w.]*): cannot open shared object file")
_VARIABLE = re.compile(r"'([A-Z][A-Z0-9_]+)'")
_LEVELS = {"WARNING": "a warning", "ERROR": "an error", "CRITICAL": "a critical error"}
_JSON = "JSON has dict, list, str, int, float, bool and None."
_CONVERSIONS = {
    "ndarray": "`.tolist()` of the array",
    "Tensor": "`.tolist()` of the tensor",
    "EagerTensor": "`.numpy().tolist()` of the tensor",
    "DataFrame": '`.to_dict(orient="records")` of the DataFrame',
    "Series": "`.tolist()` of the Series",
    "Index": "`.tolist()` of the index",
    "set": "`list()` of the set",
    "frozenset": "`list()` of the set",
    "datetime": "`.isoformat()` of the time",
    "date": "`.isoformat()` of the date",
    "Timestamp": "`.isoformat()` of the time",
    "Decimal": "`float()` of the number",
    "bytes": "`.decode()` of the bytes, or `AMLResponse(data, 200)` of `azureml.contrib.services.aml_response`",
}
_SCALAR = re.compile(r"u?int\d+|float\d+|bool_?|longdouble|str_|datetime64")
"""Names of numpy's own numbers (https://numpy.org/doc/stable/reference/arrays.scalars.html)."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was raised, in words.

    Attributes:
        reason: A clause without a full stop.
        remedy: Whole sentences.
        location: The user's own line.
    """

    reason: str
    remedy: str
    location: Location | None


@dataclass(frozen=True, slots=True)
class ToldWarning:
    """A warning, in words.

    Attributes:
        text: A whole sentence.
        location: The user's own line, where it is one.
    """

    text: str
    location: Location | None = None


def told(raised: Raised, sources: Sources, sample: str = "") -> Told:
    """A failure of the script in words.

    Args:
        raised: As the app tells it.
        sources: Where its files come from.
        sample: The name of the file that was scored; empty when none was.
    """
    place = sources.run() if raised.step == "answer" else raised.place
    shown = sources.shown(place)
    reason = f"{_what(raised, sample)}: {_error(raised)}{f' ({shown})' if shown else ''}"
    return Told(reason, " ".join(_ways_out(raised)), sources.location(place))


def in_the_app(raised: Raised) -> str:
    """A failure as sentences, where nobody knows the files of the script: its line is named as the app has it."""
    what, place = _what(raised, ""), f" ({raised.place.file}:{raised.place.line})" if raised.place else ""
    return f"{what[0].upper()}{what[1:]}: {_error(raised)}{place}. {' '.join(_ways_out(raised))}"


def warnings(warned: Sequence[Warned], sources: Sources) -> tuple[ToldWarning, ...]:
    """The first warnings of the script, and how many more there are."""
    found = [_warning(one, sources) for one in warned[:MOST_WARNINGS]]
    if more := len(warned) - len(found):
        found.append(ToldWarning(f"The script gave {more} more warnings: `functions-model logs` shows what it writes."))
    return tuple(found)


def _warning(one: Warned, sources: Sources) -> ToldWarning:
    text, shown = _short(one.text), sources.shown(one.place)
    if one.kind == OURS:
        return ToldWarning(f"{text}.")
    where = f" ({shown})" if shown else ""
    if level := _LEVELS.get(one.kind):
        return ToldWarning(f"The script logged {level}{where}: {text}", sources.location(one.place))
    return ToldWarning(f"The script warned{where}: {one.kind}: {text}", sources.location(one.place))


def _error(raised: Raised) -> str:
    return _short(f"{raised.type}: {raised.text}" if raised.text else raised.type)


def _what(raised: Raised, sample: str) -> str:
    if raised.module:
        return f"the entry script cannot import `{raised.module}`"
    what = _WHAT.get(raised.step, "the inference server failed")
    return f"{what} with `{sample}`" if sample and raised.step in {"run", "answer"} else what


def _ways_out(raised: Raised) -> Iterator[str]:
    """What to do, from the most certain on."""
    library = _LIBRARY.search(raised.text)
    if library:
        yield _library(library["library"])
    elif raised.module:
        yield "Add the package to the environment file, or the module's file to the source directory."
    elif raised.missing:
        yield _missing(raised.missing, raised.there)
    elif raised.step == "answer":
        yield _conversion(raised.answer)
    elif raised.type == "ImportError":
        yield "Correct the import, or the versions in the environment file."
    elif raised.type == "KeyError" and (name := _VARIABLE.fullmatch(raised.text)):
        yield f"If `{name[1]}` is an environment variable, set it with `app-settings`. Otherwise correct the script."
    else:
        yield _CORRECT.get(raised.step, "The app's log below has more.")
        if raised.type == "FileNotFoundError":
            yield "Files of the model are under AZUREML_MODEL_DIR."


_WHAT = {
    "import": "the entry script cannot be imported",
    "init": "`init()` of the entry script failed",
    "run": "`run()` of the entry script failed",
    "answer": "`run()` of the entry script returned what is no JSON",
    "script": "the entry script does not fit the inference server",
}
_CORRECT = {
    "import": "Correct the script.",
    "init": "Correct `init()`.",
    "run": "Correct the entry script or the sample request.",
    "script": "Correct the script: it needs `init()` and `run(data)`.",
}


def _library(library: str) -> str:
    if is_of_a_gpu(library):
        return f"`{library}` belongs to a GPU, and no plan of Functions has one: use the CPU version of the package."
    if package := package_of(library):
        return f"Debian's package `{package}` has it: `builder: docker` with `apt-packages: {package}` installs it."
    return "Find Debian's package of it, and install it: `builder: docker` with `apt-packages`."


def _missing(path: str, there: Sequence[str]) -> str:
    """What of the model is there, the likeliest first."""
    if not there:
        return f"`{path}` is not in AZUREML_MODEL_DIR, and no other file is."
    name = PurePosixPath(path).name
    same = [one for one in there if PurePosixPath(one).name == name]
    close = [one for one in get_close_matches(path, there, n=_MOST_FILES, cutoff=0.6) if one not in same]
    files = list(dict.fromkeys([*same, *close] or there))[:_MOST_FILES]
    more = f" and {len(there) - len(files)} more" if not (same or close) and len(there) > len(files) else ""
    listed = ", ".join(f"`{one}`" for one in files)
    return (
        f"`{path}` is not in AZUREML_MODEL_DIR. There {'is' if len(files) == 1 and not more else 'are'} {listed}{more}."
    )


def _conversion(kind: str) -> str:
    if _SCALAR.fullmatch(kind):
        return f"Return `.item()` of the number (of an array, `.tolist()`). {_JSON}"
    if known := _CONVERSIONS.get(kind):
        return f"Return {known}. {_JSON}"
    return f"Return `.tolist()` of arrays, `.to_dict()` of DataFrames, and `list()` of other collections. {_JSON}"


def _short(text: str) -> str:
    return in_one_line(text, _LONGEST)
