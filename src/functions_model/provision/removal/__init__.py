"""The way back: what of a deployment is there, what of it may go, and making it so.

Only what carries our tag is ever removed. Resource Manager itself knows nothing of a deployment, so the names come
from the inputs, as they do when it is made.
"""

from functions_model.provision.removal.planning import RemovalPlan, removal_plan
from functions_model.provision.removal.removing import remove
from functions_model.provision.removal.surveying import survey

__all__ = ["RemovalPlan", "removal_plan", "remove", "survey"]
