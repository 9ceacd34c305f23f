"""The order desk in a folder of its own, filled, and visitors who sign in the way people do."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from werkzeug.security import generate_password_hash

from demo import create_app
from demo.models import db
from demo.seed import seed
from hub import migrating
from tests.support.visitors import Visitor


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a filled desk, made once. Each app gets a copy. Passwords are hashed quickly, hence weakly."""
    folder = tmp_path_factory.mktemp("prepared") / "desk"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("demo.seed.generate_password_hash", partial(generate_password_hash, method="pbkdf2:sha256:1"))
        app = _app(folder)
        with app.app_context():
            migrating.upgrade()
            upgrade()
            seed()
            db.engine.dispose()
    return folder


@pytest.fixture(scope="package")
def filled(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """An app with a filled desk, shared by tests that only look."""
    yield from _copied_app(prepared, tmp_path_factory.mktemp("filled") / "desk")


@pytest.fixture
def fresh(prepared: Path, tmp_path: Path) -> Iterator[Flask]:
    """An app with a filled desk of the test's own."""
    yield from _copied_app(prepared, tmp_path / "desk")


@pytest.fixture
def visitor(filled: Flask) -> Visitor:
    """Somebody who is not signed in."""
    return Visitor(filled.test_client())


@pytest.fixture
def signed_in(filled: Flask) -> Callable[[str], Visitor]:
    """Somebody who is, by e-mail address."""

    def sign_in(email: str) -> Visitor:
        visitor = Visitor(filled.test_client())
        assert visitor.sign_in(email).status_code == 303
        return visitor

    return sign_in


def _app(folder: Path) -> Flask:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEMO_DATA", str(folder))
        for name in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "PUBLIC_URL", "DEMO_PORT"):
            patch.delenv(name, raising=False)
        return create_app()


def _copied_app(prepared: Path, folder: Path) -> Iterator[Flask]:
    shutil.copytree(prepared, folder)
    app = _app(folder)
    yield app
    with app.app_context():
        db.engine.dispose()
