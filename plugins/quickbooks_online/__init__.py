"""QuickBooks Online as an integration of the hub. It uses no door that a third party's integration could not use."""

from quickbooks_online.integration import QuickBooksOnline

__all__ = ["QuickBooksOnline"]
