"""Commands on orders (send, send many, retry, cancel, void), and the queries for their status and activity."""
