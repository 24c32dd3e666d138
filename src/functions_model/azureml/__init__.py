"""Models and environments that are registered in Azure ML, as files on this machine."""

from functions_model.azureml.models import download_model, fetch_environment

__all__ = ["download_model", "fetch_environment"]
