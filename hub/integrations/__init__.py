"""Plugins: loading them, calling them with a timeout, and checking what they return."""
