"""The Celery application: worker and schedule (beat)."""

import os

from celery import Celery

from core import broker

broker.install()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gridcenter.settings")
app = Celery("gridcenter")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
