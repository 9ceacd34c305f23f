"""Xero for Bookpost: a separate distribution that uses only the public plugin interface."""

from xero_books.integration import Xero

__all__ = ["Xero"]
