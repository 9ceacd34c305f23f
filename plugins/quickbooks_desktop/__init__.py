"""QuickBooks Desktop for Bookpost: the company file on a bookkeeper's computer, through the Web Connector."""

from quickbooks_desktop.integration import QuickBooksDesktop

__all__ = ["QuickBooksDesktop"]
