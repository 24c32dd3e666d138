"""Azure Service Bus: an AMQP 1.0 broker behind ARM's namespaces."""

from azure_sandbox.service_bus.broker import ServiceBusBroker

__all__ = ["ServiceBusBroker"]
