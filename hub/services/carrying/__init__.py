"""To the ledger and back: conversations, envelopes, the line, the desk, what follows from answers."""
