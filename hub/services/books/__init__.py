"""What is known of the books: lists, history, links, mappings, and what reading them costs."""
