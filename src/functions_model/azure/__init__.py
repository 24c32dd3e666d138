"""Floor 3: Microsoft Entra ID and Azure Resource Manager: cloud, login, clients, errors."""
