"""The plugin for QuickBooks Desktop."""
