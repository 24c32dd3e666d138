"""Runs in a Python with MLflow: `python mlflow_flavours.py FLAVOUR FOLDER` logs a small model of a flavour.

It imports nothing of ours.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
ROWS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3]] * 20
KINDS = [0, 1] * 20


def lightgbm(folder: Path) -> None:
    import lightgbm as library
    import mlflow.lightgbm

    mlflow.lightgbm.save_model(library.LGBMClassifier(n_estimators=2, min_child_samples=1).fit(ROWS, KINDS), folder)


def xgboost(folder: Path) -> None:
    import mlflow.xgboost
    import xgboost as library

    mlflow.xgboost.save_model(library.XGBClassifier(n_estimators=2).fit(ROWS, KINDS), folder)


def transformers(folder: Path) -> None:
    """A pipeline of a tokenizer and a network with random weights."""
    import mlflow.transformers
    import transformers as library

    words = folder.parent / "words.txt"
    words.write_text("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\ngood\nbad\nflower")
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    network = library.BertForSequenceClassification(library.BertConfig(vocab_size=8, **sizes))
    pipeline = library.pipeline("text-classification", model=network, tokenizer=library.BertTokenizerFast(str(words)))
    mlflow.transformers.save_model(
        pipeline, folder, input_example="good flower", pip_requirements=["transformers", "torch"]
    )


globals()[sys.argv[1]](Path(sys.argv[2]))
