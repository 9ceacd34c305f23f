"""`flask demo …`"""

from __future__ import annotations

from flask.cli import AppGroup
from flask_migrate import upgrade

from demo.seed import seed

demo = AppGroup("demo", help="The order desk.")


@demo.command()
def prepare() -> None:
    """Bring the desk's own tables up to date, and fill them if nobody is in them yet."""
    upgrade()
    seed()
