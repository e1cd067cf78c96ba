"""WSGI entry point for servers that speak no ASGI."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gridcenter.settings")
os.environ.setdefault("DB_LOCK_SECONDS", "20")  # as in asgi.py
application = get_wsgi_application()
