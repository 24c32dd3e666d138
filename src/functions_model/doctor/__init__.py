"""What is missing on this machine, in a folder and in Azure, all at once, with what fixes each. Nothing is written."""

from functions_model.doctor.azure import examine_azure
from functions_model.doctor.diagnosis import Diagnosis, State
from functions_model.doctor.folder import examine_folder
from functions_model.doctor.machine import examine_machine

__all__ = ["Diagnosis", "State", "examine_azure", "examine_folder", "examine_machine"]
