"""A sandbox: a QuickBooks company file on disk, and a Web Connector that exchanges messages between it and a server."""
