"""What an order becomes in the books: its documents, the records they need, and every problem known before sending."""
