"""What a web server loads: `gunicorn wsgi:app`."""

from demo import create_app

app = create_app()
