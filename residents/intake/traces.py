"""What imports keep of a person for their undoing: taken away when the person's data are erased."""

import json

from django.db import connection

from core import ciphers
from residents.intake.columns import ROLLS
from residents.intake.stage import Stage, rows, run
from residents.models import ImportBatch
from residents.models.intake import ImportStatus

KEPT = {"before_resident": "id", "before_stay": "resident_id"}


def remove(resident_id: int):
    """Empty what applied imports remember of somebody. Their undoing is refused from now on, as the record has
    changed since."""
    there = set(connection.introspection.table_names())
    for batch in ImportBatch.objects.filter(status__in=[ImportStatus.APPLIED, ImportStatus.UNDOING]):
        stage = Stage(batch)
        for what, column in KEPT.items():
            if stage(what) in there:
                run(f"DELETE FROM {stage(what)} WHERE {column} = %s", [resident_id])
        if batch.kind in ROLLS and stage("kept") in there:
            _forget(stage("kept"), resident_id)


def _forget(table, resident_id):
    """The same of files about records that are there: what they keep is sealed, and says whose it is."""
    for text in [text for (text,) in rows(f"SELECT sealed FROM {table}")]:
        if json.loads(ciphers.decrypt(text)).get("person") == resident_id:
            run(f"DELETE FROM {table} WHERE sealed = %s", [text])
