"""Xero as an integration of the hub: a distribution of its own, through the door that is open to everybody."""

from xero_books.integration import Xero

__all__ = ["Xero"]
