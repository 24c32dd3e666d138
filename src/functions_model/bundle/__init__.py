"""The files of the function app, as layer plans."""

from functions_model.bundle.entry_script import check_entry_script
from functions_model.bundle.host_json import check_host_json
from functions_model.bundle.labels import build_identity, image_labels, provenance
from functions_model.bundle.mlflow_model import check_mlflow_model
from functions_model.bundle.plan import (
    DEPENDENCIES_LAYOUT,
    BundlePlan,
    dependency_layers,
    model_layer,
    plan_layers,
    runtime_layer,
)

__all__ = [
    "DEPENDENCIES_LAYOUT",
    "BundlePlan",
    "build_identity",
    "check_entry_script",
    "check_host_json",
    "check_mlflow_model",
    "dependency_layers",
    "image_labels",
    "model_layer",
    "plan_layers",
    "provenance",
    "runtime_layer",
]
