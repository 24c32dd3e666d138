"""Files beside the script that nobody has fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from functions_model.preflight.finding import Weight
from functions_model.preflight.unfetched import check_unfetched
from support.projects import project

if TYPE_CHECKING:
    from pathlib import Path

LFS = "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 9\n"
DVC = "outs: [{path: labels.json}]"
SCRIPT = "import tools.names\ndef init(): pass\ndef run(data): return 1\n"


class TestUnfetched:
    @pytest.mark.parametrize(
        ("files", "weights"),
        [
            ({"labels.json": LFS, "score.py": "open('labels.json')"}, [Weight.FAILURE]),
            ({"data/labels.json.dvc": DVC, "score.py": "open(HERE / 'data' / 'labels.json')"}, [Weight.FAILURE]),
            ({"labels.json": LFS, "tools/names.py": "FILE = 'data/labels.json'"}, [Weight.FAILURE]),
            ({"labels.json": LFS, "config.yml": "labels: labels.json", "score.py": "'config.yml'"}, [Weight.FAILURE]),
            ({"tools/names.py": LFS}, [Weight.FAILURE]),
            ({"score.py": LFS}, [Weight.FAILURE]),
            ({"en.json": LFS, "score.py": "open(f'{language}.json')"}, [Weight.WARNING]),
            ({"en.json": LFS, "score.py": "glob('*.json')"}, [Weight.WARNING]),
            ({"labels.json": LFS, "train.py": "open('labels.json')"}, []),
            ({"labels.json": LFS, "score.py": "open('old-labels.json'), open('labels.json.gz')"}, []),
            ({"labels.json": LFS, "score.py": "os.listdir('*'), f'{name}'"}, []),
            ({"labels.json.dvc": DVC, "labels.json": "{}", "score.py": "open('labels.json')"}, []),
            ({"labels.json": "{}", "score.py": "open('labels.json')"}, []),
        ],
    )
    def test_what_scores_decides(self, tmp_path: Path, files: dict[str, str], weights: list[Weight]) -> None:
        """A file that it names is needed, one that fits a pattern may be, and what only the training reads is not."""
        found = check_unfetched(project(tmp_path, {"score.py": SCRIPT, **files}))

        assert weights == [finding.weight for finding in found]

    def test_message(self, tmp_path: Path) -> None:
        """As for a model file, with its place."""
        [found] = check_unfetched(project(tmp_path, {"score.py": "open('labels.json')", "labels.json": LFS}))

        assert str(found.problem) == (
            "source-directory: `labels.json` is a Git LFS pointer, not the file itself (src/labels.json). Fetch it with"
            " `git lfs pull`, or with `lfs: true` at actions/checkout."
        )
