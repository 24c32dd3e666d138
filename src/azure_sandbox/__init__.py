"""A local Azure for try-outs and tests. Shares no code with the product."""
