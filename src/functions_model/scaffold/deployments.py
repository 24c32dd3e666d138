"""Azure ML's deployment files among a folder's files."""

from __future__ import annotations

import re

from functions_model.core.yaml_nodes import NotYaml, compose, document_of
from functions_model.scaffold.looking import Folder

_SCHEMA = re.compile(r"managedOnlineDeployment\.schema\.json")
_KEYS = ({"endpoint_name", "model"}, {"code_configuration", "model"}, {"endpoint_name", "code_configuration"})
_MOST = 200
"""Files of YAML that are read."""


def deployment_files(folder: Folder) -> tuple[str, ...]:
    """The YAML files that describe a managed online deployment, the nearest first."""
    return tuple(str(file) for file in folder.named("*.yml", "*.yaml")[:_MOST] if _is_one(folder.text(file)))


def _is_one(text: str) -> bool:
    if not _SCHEMA.search(text) and "model" not in text:
        return False
    try:
        document = document_of(compose(text))
    except NotYaml:
        return False
    if not isinstance(document, dict):
        return False
    return bool(_SCHEMA.search(str(document.get("$schema", "")))) or any(keys <= document.keys() for keys in _KEYS)
