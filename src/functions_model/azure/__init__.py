"""Microsoft Entra ID and Azure Resource Manager: cloud, login, clients, errors."""

import logging

# The SDK warns of each refused token by itself. A refusal is told once, explained, as our failure.
logging.getLogger("azure").addHandler(logging.NullHandler())
