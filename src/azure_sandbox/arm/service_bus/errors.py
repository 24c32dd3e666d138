"""Microsoft.ServiceBus's refusals: most carry a number of their own, the SubCode, in the text."""

from __future__ import annotations

from azure_sandbox.arm.errors import ArmError

_MORE = "To know more visit https://aka.ms/sbResourceMgrExceptions."


def bad_namespace(message: str) -> ArmError:
    """The 400 of the namespaces: its text is all that there is."""
    return ArmError(400, "BadRequest", message)


def bad_entity(message: str) -> ArmError:
    """The 400 for a queue or a rule."""
    return ArmError(400, "MessagingGatewayBadRequest", f"SubCode=40000. {message} {_MORE}")


def entity_not_found(name: str) -> ArmError:
    """The 404 for a queue or a rule that is not there."""
    return ArmError(404, "MessagingGatewayNotFoundStatusCode", f"The requested resource {name} does not exist. {_MORE}")


def operation_in_progress() -> ArmError:
    """The 409 while the namespace is being made or changed."""
    return ArmError(409, "Conflict", f"SubCode=40901. Another conflicting operation is in progress. {_MORE}")


def not_covered(what: str) -> ArmError:
    """What the sandbox's broker does not do is refused: an answer that pretends would be worse."""
    return ArmError(
        501, "NotCoveredBySandbox", f"The sandbox's Service Bus has no {what}. Its README says what it has."
    )
