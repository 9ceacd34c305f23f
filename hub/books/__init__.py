"""Our copy of a ledger's lists and history: refresh, search, links, mappings, webhooks and usage."""
