"""The hub's pages."""
from flask import Flask


def mount(app: Flask) -> None: ...
