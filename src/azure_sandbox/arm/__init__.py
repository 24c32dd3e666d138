"""Azure Resource Manager, provider by provider: `state` holds rules, `responses` the wire."""
