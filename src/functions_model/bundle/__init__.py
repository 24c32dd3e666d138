"""The files of the function app, as layer plans."""

from functions_model.bundle.entry_script import check_entry_script
from functions_model.bundle.host_json import check_host_json, route_prefix
from functions_model.bundle.labels import build_identity, image_labels, provenance
from functions_model.bundle.layout import code_folder
from functions_model.bundle.mlflow_model import check_mlflow_model
from functions_model.bundle.plan import (
    CODE_LAYER,
    DEPENDENCIES_LAYOUT,
    BundlePlan,
    dependency_layers,
    model_layer,
    plan_layers,
    runtime_layer,
)
from functions_model.bundle.user_files import ignore_file

__all__ = [
    "CODE_LAYER",
    "DEPENDENCIES_LAYOUT",
    "BundlePlan",
    "build_identity",
    "check_entry_script",
    "check_host_json",
    "check_mlflow_model",
    "code_folder",
    "dependency_layers",
    "ignore_file",
    "image_labels",
    "model_layer",
    "plan_layers",
    "provenance",
    "route_prefix",
    "runtime_layer",
]
