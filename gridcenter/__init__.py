"""gridcenter: the command centre of a county's grid-based governance (网格化服务管理)."""

from gridcenter.celery import app as celery_app

__all__ = ["celery_app"]
