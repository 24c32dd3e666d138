"""Trains the model and writes it to model/ as MLflow logs it, with a signature.

pip install mlflow-skinny==3.17.2 pandas==3.1.1 scikit-learn==1.9.1 skops==0.16.0
python train.py
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import mlflow.sklearn
from mlflow.models import infer_signature
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

MODEL = Path(__file__).parent / "model"
NEEDED = ["mlflow-skinny==3.17.2", "pandas==3.1.1", "scikit-learn==1.9.1", "skops==0.16.0"]
"""What goes into the model's requirements.txt: all that scoring needs, and no more."""


def train() -> tuple[Pipeline, float]:
    iris = load_iris(as_frame=True)
    table = iris.data.rename(columns=lambda name: name.removesuffix(" (cm)").replace(" ", "_"))
    species = iris.target_names[iris.target]
    known, unknown, answers, expected = train_test_split(table, species, random_state=0, stratify=species)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(known, answers)
    shutil.rmtree(MODEL, ignore_errors=True)
    signature = infer_signature(known, model.predict(known))
    mlflow.sklearn.save_model(model, MODEL, signature=signature, pip_requirements=NEEDED, serialization_format="skops")
    take_any_python()
    return model, model.score(unknown, expected)


def take_any_python() -> None:
    """MLflow asks for the very Python that trained. That is wise for pickles; skops' files load under every version."""
    for name, found, wanted in (("python_env.yaml", r"python: .*\n", ""), ("conda.yaml", "python=.*", "python>=3.11")):
        file = MODEL / name
        file.write_text(re.sub(found, wanted, file.read_text(encoding="utf-8")), encoding="utf-8")


def main() -> None:
    _, accuracy = train()
    print(f"{MODEL.name}: {accuracy:.0%} of the flowers it had not seen are named rightly")


if __name__ == "__main__":
    main()
