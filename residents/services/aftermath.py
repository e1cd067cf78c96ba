"""What follows for the rest of the registry when somebody dies, leaves, or moves to another grid."""

from residents.models import Building, Change, Tenancy
from residents.services import care, leases, records, support, trail


def after_departure(person, day, reason, actor):
    """Entries in registers and tenancies end, a building looks for another head."""
    care.end_all(person, day, reason, actor)
    support.end_all(person, day, reason, actor)
    leases.end(Tenancy.objects.filter(tenant=person), day, actor)
    for building in Building.objects.filter(head=person).select_for_update().order_by("pk"):
        before = trail.snapshot(building)
        building.head = None
        records._write(building)
        trail.note(building, before=before, user=actor, action="head")


def after_move(person, left: int, actor):
    """Files follow the person; the grid that was left is told that the record went, not where to."""
    support.follow(person)
    Change.objects.create(kind="resident", record_id=person.pk, grid_id=left, user=actor, action="moved_away")
