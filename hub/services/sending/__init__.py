"""What people do with orders: send, send many, cancel, void, try again, see what became of it."""
