"""Models and environments that are registered in Azure ML, as files on this machine."""

from functions_model.azureml.models import download_model, fetch_environment
from functions_model.azureml.transfer_settings import TransferSettings

__all__ = ["TransferSettings", "download_model", "fetch_environment"]
