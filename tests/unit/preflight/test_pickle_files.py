"""What files name when they are loaded, without anybody loading them."""

from __future__ import annotations

import base64
import bz2
import collections
import gzip
import io
import json
import lzma
import pickle
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from functions_model.preflight import pickle_files
from functions_model.preflight.pickle_files import look_into
from functions_model.preflight.pickle_machine import Global

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

JOBLIB = zlib.decompress(
    base64.b64decode(
        "eNqFk91q1EAUxzObXXbprrqlfoE3XrY3kS1eeCG0sr1yIIWCeiVhkoxOdPJBMkO7YKEWdt2FufPkQXwbX8E732CdTLo1jagnEM4M55z/b/6T"
        "XHTL71Yd57CrEAG18yH1eeQ7iYyzmZdFwUdOQW271fJFnpPZm5xkGc3hK+x9hqprUEg/4KQoQPVMF6h+EpKqVhepXsFIRgHbc52neahbFZrq"
        "PBQzvc8Gm0zXdt49g9XyC5zALrYVeg6u675c6zAvbAnw1RbhPD314phksFSPak6j5hEevU9imgjPnwlaAB5Lf7RuhHUjfh5cJYclvsoUSoF1"
        "64OxPttiQ4zmwG6x2+wO21ad4xt8n1p8B5qPPVixh5XwRa/8tpl631A6XpDm1IklF1Ftjxp5OQ3SpBC5DIRx608HsTWHKfKhlkUGyG6a9n+o"
        "1VtQwyDlnAYi0nJ6dVzdBA2PIqO7dwLV7WNUEF3ulNNrP+Q//Xg1+S3N7mlh3NXPwPiwrH0YNvz/oUeWl9ezi/bsTmO2/Xqy3xj+2FXoTEMm"
        "sDANE3YXWwtg+xVG9LSF0fpo8GABEo+0eeMm2njdCusvUT7ZMNs0Cdte9qepTIT5Jc43Ns41jHR+AR6/TTg="
    )
)
"""Of joblib 1.4 and NumPy 2: arrays of numbers, of objects, of text and of structures, and a counter behind them."""
COUNTER = Global("collections", "Counter")
ORDERED = Global("collections", "OrderedDict")


class Own:
    """A class of a module that is named by its pickle."""

    def __init__(self) -> None:
        """Its state is as estimators of scikit-learn write it."""
        self._sklearn_version = "1.2.2"
        self.others: list[object] = [collections.Counter("a"), {"key": Ellipsis}, (1, 2.5, b"x", None, True)]


class Slots:
    __slots__ = ("one",)


OWN = Global(__name__, "Own")
WRAPPINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": lambda whole: whole,
    "zlib": zlib.compress,
    "fast-zlib": lambda whole: zlib.compress(whole, 1),
    "gzip": gzip.compress,
    "bz2": bz2.compress,
    "xz": lzma.compress,
    "lzma": lambda whole: lzma.compress(whole, format=lzma.FORMAT_ALONE),
    "joblib-0.8": lambda whole: b"ZF" + f"{len(whole):#x}".ljust(18).encode() + zlib.compress(whole),
    "joblib-0.8-and-python-2": lambda whole: b"ZF" + f"{len(whole):#x}".ljust(19).encode() + zlib.compress(whole),
}


def _file(folder: Path, content: bytes, name: str = "model.pkl") -> Path:
    file = folder / name
    file.write_bytes(content)
    return file


def _found(file: Path) -> set[Global]:
    pickled = look_into(file)
    return set(pickled.found) if pickled else set()


def _archive(folder: Path, members: dict[str, bytes]) -> Path:
    file = folder / "model.pt"
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file


class TestPickles:
    @pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
    def test_of_each_protocol(self, tmp_path: Path, protocol: int) -> None:
        """Classes by their modules, and the version of scikit-learn that an estimator's state has."""
        pickled = look_into(_file(tmp_path, pickle.dumps([Own(), Slots], protocol)))

        assert pickled is not None
        assert {OWN, COUNTER, Global(__name__, "Slots")} <= set(pickled.found)
        assert (("1.2.2",), True) == (pickled.sklearn, pickled.whole)

    @pytest.mark.parametrize("wrapping", WRAPPINGS)
    def test_in_each_wrapping(self, tmp_path: Path, wrapping: str) -> None:
        """As joblib packs its files."""
        file = _file(tmp_path, WRAPPINGS[wrapping](JOBLIB))

        assert {COUNTER, ORDERED} <= _found(file)

    def test_several_in_one_file(self, tmp_path: Path) -> None:
        """A model, and what prepares its data, dumped one after the other."""
        content = pickle.dumps(collections.Counter()) + pickle.dumps(collections.OrderedDict())

        assert {COUNTER, ORDERED} <= _found(_file(tmp_path, content))

    def test_names_of_python_2(self, tmp_path: Path) -> None:
        """They are read as `pickle` reads them."""
        file = _file(tmp_path, b"(c__builtin__\nxrange\ncurlparse\nurlparse\ncUserDict\nIterableUserDict\nl.")

        assert {
            Global("builtins", "range"),
            Global("urllib.parse", "urlparse"),
            Global("collections", "UserDict"),
        } == _found(file)

    def test_modules_in_functions_of_cloudpickle(self, tmp_path: Path) -> None:
        """A function by value brings its modules as calls that import them."""
        content = b"\x80\x02ccloudpickle.cloudpickle\nsubimport\nU\x05scipyq\x00\x85R."

        assert Global("scipy", "") in _found(_file(tmp_path, content))

    def test_a_class_within_a_class(self, tmp_path: Path) -> None:
        """Its name is dotted, its module is not part of it."""
        assert {Global("collections", "Counter.fromkeys")} == _found(
            _file(tmp_path, b"\x80\x04\x8c\x0bcollections\x8c\x10Counter.fromkeys\x93.")
        )

    def test_large_bytes_are_not_read(self, tmp_path: Path) -> None:
        """More than is read of one file, in the string of an array."""
        head, tail = pickle.dumps([b"x" * 300, collections.Counter()], 3).split(b"x" * 300)
        length = pickle_files.MOST_READ * 2
        file = tmp_path / "model.pkl"
        with file.open("wb") as stream:
            stream.write(head.replace(b"B\x2c\x01\x00\x00", b"B" + length.to_bytes(4, "little")))
            stream.seek(length, io.SEEK_CUR)  # a hole: it takes no room
            stream.write(tail)

        assert {COUNTER} == _found(file)

    @pytest.mark.parametrize("packed", [gzip.compress, zlib.compress])
    def test_no_more_than_64_mib_are_unpacked(self, tmp_path: Path, packed: Callable[[bytes], bytes]) -> None:
        """What was found before is told, and that it is not all."""
        content = pickle.dumps([collections.Counter(), b"\0" * (pickle_files.MOST_READ + 1), collections.OrderedDict()])

        pickled = look_into(_file(tmp_path, packed(content)))

        assert pickled is not None
        assert ({COUNTER}, False) == (set(pickled.found), pickled.whole)

    def test_a_pickle_of_millions_of_numbers(self, tmp_path: Path) -> None:
        """Nobody waits for it."""
        pickled = look_into(_file(tmp_path, pickle.dumps([*([0.5] * 600_000), collections.Counter()])))

        assert pickled is not None
        assert ((), False) == (pickled.found, pickled.whole)

    def test_a_torn_one(self, tmp_path: Path) -> None:
        """What it named before is told."""
        pickled = look_into(_file(tmp_path, JOBLIB[:-60]))

        assert pickled is not None
        assert (True, False) == (ORDERED in pickled.found, pickled.whole)


class TestArchives:
    def test_of_pytorch(self, tmp_path: Path) -> None:
        """Since 1.6: a ZIP file with the tensors beside the pickle."""
        members = {"model/data.pkl": pickle.dumps(collections.Counter(), 2), "model/data/0": b"\0" * 8}

        assert {COUNTER} == _found(_archive(tmp_path, members))

    def test_of_torchscript(self, tmp_path: Path) -> None:
        """Its classes come with it."""
        members = {"m/data.pkl": b"\x80\x02c__torch__\nNet\n)\x81.", "m/code/__torch__.py": b""}

        pickled = look_into(_archive(tmp_path, members))

        assert pickled is not None
        assert () == pickled.found

    def test_of_pytorch_before_1_6(self, tmp_path: Path) -> None:
        """Three pickles in front, the keys of the tensors behind, and then their bytes."""
        parts: tuple[Any, ...] = (0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, collections.Counter(), ["0"])
        content = b"".join(pickle.dumps(part, 2) for part in parts)

        assert {COUNTER} == _found(_file(tmp_path, content + b"\x03\0\0\0raw", "model.pth"))

    def test_of_skops(self, tmp_path: Path) -> None:
        """A schema names the classes, at any depth."""
        state = {"_sklearn_version": {"__class__": "str", "__module__": "builtins", "content": '"1.2.2"'}}
        schema = {"__class__": "Own", "__module__": __name__, "content": [{"content": state}]}

        pickled = look_into(_archive(tmp_path, {"schema.json": json.dumps(schema).encode()}))

        assert pickled is not None
        assert (True, ("1.2.2",)) == (OWN in pickled.found, pickled.sklearn)


class TestWhatIsNoPickle:
    @pytest.mark.parametrize(
        ("name", "content"),
        [
            ("model.pkl", b""),
            ("model.pkl", b"\x80\x04"),
            ("model.pkl", b"(not a pickle)"),
            ("notes.txt", b"c__main__\nOwn\n."),
            ("model.bin", b"\x80\x04\x99\x99\x99"),
            ("model.pkl", b"\x80\x04\x8e" + b"\xff" * 7 + b"\x7f."),
            ("table.csv.gz", gzip.compress(b"a,b\n1,2\n", mtime=0)),
            ("torn.pkl.gz", gzip.compress(JOBLIB, mtime=0)[:20]),
            ("model.pkl", b"PK\x03\x04"),
            ("model.pkl", b"\x04\x22\x4d\x18lz4"),
        ],
        ids=[
            "empty",
            "torn",
            "text",
            "another-ending",
            "noise",
            "endless",
            "packed-table",
            "torn-gzip",
            "torn-zip",
            "lz4",
        ],
    )
    def test_is_nothing(self, tmp_path: Path, name: str, content: bytes) -> None:
        """Nor is one that cannot be unpacked here."""
        assert look_into(_file(tmp_path, content, name)) is None

    @settings(max_examples=200)
    @given(st.data())
    def test_hurts_nobody(self, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
        """Whatever bytes there are: the answer is one of the two."""
        content = bytearray(data.draw(st.sampled_from([JOBLIB, pickle.dumps(Own(), 1), zlib.compress(JOBLIB)])))
        for _ in range(data.draw(st.integers(1, 4))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
        file = _file(tmp_path_factory.getbasetemp(), bytes(content))

        pickled = look_into(file)

        assert pickled is None or pickled.whole in {True, False}
