"""What people do with orders: send, send many, retry, cancel, void; and the status and activity they read."""
