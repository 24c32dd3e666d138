"""The user's own line in a traceback, whichever SDK the script was written for."""

from __future__ import annotations

import pytest

from functions_model.payload.failures import Place, place_of

SECOND = {"AML_APP_ROOT": "/var/azureml-app/src"}
FIRST = {"AML_APP_ROOT": "/var/azureml-app"}
ALWAYS = {
    "FUNCTIONS_MODEL_CODE_FOLDER": "/var/azureml-app/src",
    "AZUREML_MODEL_DIR": "/var/azureml-app/azureml-models/churn/1",
}


@pytest.mark.parametrize("sdk", [SECOND, FIRST], ids=["second", "first"])
@pytest.mark.parametrize(
    ("file", "place"),
    [
        ("/var/azureml-app/src/lib/a.py", Place("code", "lib/a.py", 3, "f")),
        ("/var/azureml-app/azureml-models/churn/1/m/code/b.py", Place("model", "m/code/b.py", 3, "f")),
        ("/home/site/wwwroot/.python_packages/lib/site-packages/c.py", None),
    ],
)
def test_is_relative_to_the_code_or_the_model(sdk: dict[str, str], file: str, place: Place | None) -> None:
    """The folder above the code, where the first SDK starts a script, changes nothing."""
    assert place_of(file, 3, "f", {**sdk, **ALWAYS}) == place
