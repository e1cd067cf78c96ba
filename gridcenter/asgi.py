"""ASGI entry point, served by uvicorn."""

import os

from core.asgi import get_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gridcenter.settings")
application = get_application()
