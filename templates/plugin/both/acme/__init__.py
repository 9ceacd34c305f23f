"""Acme for Bookpost."""

from acme.integration import Acme

__all__ = ["Acme"]
