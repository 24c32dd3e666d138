"""Azure Service Bus: an AMQP 1.0 broker behind ARM's namespaces. README.md says how clients reach it."""

from azure_sandbox.service_bus.broker import ServiceBusBroker, ServiceBusUnavailable, agent_of

__all__ = ["ServiceBusBroker", "ServiceBusUnavailable", "agent_of"]
