"""Health of the process (`/healthz`) and of what it needs (`/readyz`): database, broker, migrations."""

import logging
import tempfile
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from kombu import Connection

log = logging.getLogger(__name__)


@never_cache
@require_safe
def alive(request):
    return JsonResponse({"status": "ok"})


@never_cache
@require_safe
def ready(request):
    """200 when all of it answers, else 503; says which part does not, and nothing more."""
    checks = {"database": _database, "broker": _broker, "migrations": _migrations}
    found = {name: _try(check) for name, check in checks.items()}
    good = all(value == "ok" for value in found.values())
    return JsonResponse({"status": "ok" if good else "unready", **found}, status=200 if good else 503)


def _try(check):
    try:
        return check()
    except Exception:  # whatever is broken, the answer is "not ready"; the class says enough
        log.exception("readiness check %s failed", check.__name__)
        return "failed"


def _database():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _broker():
    with Connection(
        settings.CELERY_BROKER_URL,
        connect_timeout=2,
        transport_options=settings.CELERY_BROKER_TRANSPORT_OPTIONS,
    ) as broker:
        broker.ensure_connection(max_retries=1, timeout=2)
        if broker.transport_cls == "redis":
            broker.default_channel.client.ping()
        if broker.transport_cls == "filesystem":
            _writable(Path(settings.CELERY_BROKER_TRANSPORT_OPTIONS["data_folder_out"]))
    return "ok"


def _writable(folder: Path):
    """Opening a broker of files opens nothing: try what a message needs, on a disk that may be full or gone."""
    with tempfile.TemporaryFile(dir=folder) as file:
        file.write(b"ready")


def _migrations():
    executor = MigrationExecutor(connection)
    pending = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return "ok" if not pending else "pending"
