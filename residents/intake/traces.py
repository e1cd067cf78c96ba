"""What imports keep of a person for their undoing: taken away when the person's data are erased."""

from django.db import connection

from residents.intake.stage import Stage, run
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
