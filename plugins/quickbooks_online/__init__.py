"""QuickBooks Online for Bookpost. It uses only the plugin interface that is open to every third-party integration."""

from quickbooks_online.integration import QuickBooksOnline

__all__ = ["QuickBooksOnline"]
