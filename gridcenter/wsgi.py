"""WSGI entry point for servers that speak no ASGI."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gridcenter.settings")
application = get_wsgi_application()
