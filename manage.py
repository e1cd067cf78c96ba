#!/usr/bin/env python
"""Django's command line for gridcenter."""

import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gridcenter.settings")
    try:
        settings.INSTALLED_APPS  # noqa: B018  (reads the settings: what is wrong with them is said in one sentence)
    except ImproperlyConfigured as error:
        sys.exit(f"{sys.argv[0]}: {error}")
    execute_from_command_line(sys.argv)
