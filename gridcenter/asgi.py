"""ASGI entry point, served by uvicorn."""

import os

from core.asgi import get_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gridcenter.settings")
# A person waits so long for a record that somebody else holds; a job of the worker may stand in line for minutes.
os.environ.setdefault("DB_LOCK_SECONDS", "20")
application = get_application()
