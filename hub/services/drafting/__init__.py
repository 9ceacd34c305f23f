"""From an order to its documents, with every problem that can be known before anything is sent."""
