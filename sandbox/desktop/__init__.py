"""A QuickBooks company file on disk, and a Web Connector that carries between it and a server."""
