"""Microsoft.ServiceBus."""
