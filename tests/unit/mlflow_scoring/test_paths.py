"""Models that MLflow logged on Windows, as they are loaded on Linux."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from support.mlflow_servers import SCRIPTS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def readable_here(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], Path]:
    """The scoring script's function, found as in the app: beside the script."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    from mlflow_score_paths import readable_here

    return readable_here


def model(folder: Path, **flavor: Any) -> Path:
    """A model's folder with this flavor, and three files."""
    (folder / "artifacts").mkdir()
    for name in ("wrapper.py", "artifacts/words.txt", "conda.yaml"):
        (folder / name).write_text(name)
    document = {"mlflow_version": "3.4.0", "flavors": {"python_function": {"loader_module": "mine", **flavor}}}
    (folder / "MLmodel").write_text(yaml.safe_dump(document))
    return folder


def test_paths_lead_to_the_files(tmp_path: Path, readable_here: Callable[[Path], Path]) -> None:
    """Relative paths get slashes; of the whole path of the code MLflow then takes the name. All files are linked."""
    artifacts = {"words": {"path": "artifacts\\words.txt", "uri": "C:\\somewhere\\else.txt"}}
    folder = model(tmp_path, model_code_path="C:\\Users\\someone\\wrapper.py", artifacts=artifacts)
    links = readable_here(folder)
    flavor = yaml.safe_load((links / "MLmodel").read_text())["flavors"]["python_function"]

    assert "wrapper.py" == flavor["model_code_path"].rpartition("/")[2]
    assert "artifacts/words.txt" == (links / flavor["artifacts"]["words"]["path"]).read_text()
    assert "C:\\somewhere\\else.txt" == flavor["artifacts"]["words"]["uri"]
    assert {entry.name for entry in folder.iterdir()} == {entry.name for entry in links.iterdir()}


@pytest.mark.parametrize("flavor", [{"data": "artifacts/words.txt"}, {"prompt": "a\\nb"}, {"config": {"k": ["\\d+"]}}])
def test_models_without_such_paths_stay_where_they_are(
    tmp_path: Path, readable_here: Callable[[Path], Path], flavor: dict[str, Any]
) -> None:
    """A backslash that leads to no file of the model is a text's own."""
    assert tmp_path == readable_here(model(tmp_path, **flavor))
