"""The project: settings, sign-in, the API's root, the live socket, and the commands that run it all."""

from webapp.celery import app as celery_app

__all__ = ["celery_app"]
