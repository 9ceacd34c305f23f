"""What the hub does. Pages and jobs call these; these know the rows; nothing here knows a request or a template."""
