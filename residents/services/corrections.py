"""What was recorded wrongly is put right, with a reason and in the history: a death or departure that was none, the day
on which a stay began. Whoever may record it may correct it."""

from django.db import transaction
from django.utils.translation import gettext as _

from core.errors import Conflict, Invalid
from residents import codes
from residents.models import Building, Change, Dwelling, Household, Resident, Stay
from residents.models.trail import Kind
from residents.services import aftermath, care, heads, leases, records, rights, stays, subject, support, trail

Ended = Stay.Ended
GONE = {"died": Ended.DIED, "moved_out": Ended.MOVED_OUT}
BACK, DAY = "taken_back", "day_corrected"
OF_HOUSEHOLD = ("head", "ended", "moved", "merged", BACK)  # after one of these its head or its place may be another


@transaction.atomic
def take_back(*, actor, resident, reason: str) -> tuple[Resident, list[str]]:
    """The person did not die or leave: lives where they lived before, and what the step closed is open again where
    nothing has been built on it. Also returns what must be put right by hand, in words."""
    gone = _gone(resident)
    home = _home_of(gone, actor)
    person = rights.locked(resident, actor)
    _can_come_back(person, gone)
    reason, by_hand, day = records._a_reason(reason), [], person.ended_on
    door = _door_of(gone, actor, by_hand)
    before, relation = trail.snapshot(person), person.relation
    home, step = _still_theirs(gone, home if door else None, by_hand)
    person.status, person.ended_on, person.archived_at = Resident.Status.LIVING, None, None
    person.household, person.dwelling, person.relation = home, door, relation if home and not step else ""
    person.grid = door.grid if door else person.grid
    rights.must_edit(actor, person.grid.path, Resident)
    records._write(person)
    trail.note(person, before=before, user=actor, action=BACK, reason=reason)
    if before["grid_id"] != person.grid_id:
        aftermath.after_move(person, before["grid_id"], actor)
    _reopen_stay(person, gone, day, whole=bool(home) or not _was(gone, "household_id"))
    if home and step:
        _reopen_household(home, person, relation, gone, step, actor, by_hand)
    care.reopen_all(person, gone.pk, actor)
    support.reopen_all(person, gone.pk, actor)
    if leases.reopen(person, gone.pk, actor):
        by_hand.append(_("The dwelling has been let or used otherwise since: record the tenancy again."))
    _head_again(person, gone, actor, by_hand)
    return person, by_hand


@transaction.atomic
def correct_day(*, actor, resident, stay, on, reason: str) -> Stay:
    """The stay began on another day than was recorded; one that ended by it ends on that day, too."""
    person = rights.locked(resident, actor)
    rows = list(Stay.objects.filter(resident=person).select_for_update(of=("self",)).order_by("since", "pk"))
    seen = Stay.objects.visible_to(actor).filter(resident=person, pk=rights.pk_of(stay)).first()
    if seen is None:
        raise Invalid(fields={"stay": [_("There is no such record, or it is not yours to see.")]})
    place = rows.index(seen)
    one, earlier = rows[place], rows[place - 1] if place else None
    joined = earlier if earlier and earlier.until == one.since else None
    for row in filter(None, (one, joined)):
        rights.must_edit(actor, row.grid.path, Resident)
    day = rights.a_day(on, earliest=earlier and (earlier.since if joined else earlier.until))
    if one.until and day > one.until:
        raise Invalid(fields={"on": [_("expected a day not after %(day)s, when it ended.") % {"day": one.until}]})
    stays.not_before_birth(person, day)
    reason = records._a_reason(reason)
    if day == one.since:
        return one
    told = {"since": [str(one.since), str(day)], "reason": ["", reason]}
    if joined:
        Stay.objects.filter(pk=joined.pk).update(until=day)
    Stay.objects.filter(pk=one.pk).update(since=day)
    Change.objects.create(
        kind=Kind.RESIDENT, record_id=person.pk, grid_id=person.grid_id, user=actor, action=DAY, changes=told
    )
    one.since = day
    return one


# ---- how they went


def _gone(resident) -> Change:
    """The row of history that tells of the death or departure in force."""
    rows = Change.objects.filter(kind=Kind.RESIDENT, record_id=resident.pk, action__in=GONE)
    found = rows.order_by("-pk").first()
    if found is None:
        raise Invalid(_("The history does not say how this was recorded: it cannot be taken back here."))
    return found


def _was(gone, name):
    """What the person's column held before they went."""
    return (gone.changes.get(name) or [None])[0] or None


def _can_come_back(person, gone):
    if person.status == Resident.Status.LIVING:
        raise Invalid(_("This person lives here: there is nothing to take back."))
    if person.name == subject.NOBODY:
        raise Invalid(_("The personal data have been erased: record the person anew."))
    if gone != _gone(person):
        raise Conflict


def _home_of(gone, actor):
    """The household they belonged to, locked, if it stands where it stood."""
    rows = Household.objects.filter(pk=_was(gone, "household_id"), dwelling=_was(gone, "dwelling_id"))
    found = rights.locked_many(Household, rows.values_list("pk", flat=True), actor)
    return found[0] if found else None


def _door_of(gone, actor, by_hand):
    pk = _was(gone, "dwelling_id")
    door = Dwelling.objects.visible_to(actor).current().filter(pk=pk).select_related("grid").first()
    if pk and door is None:
        by_hand.append(_("The dwelling is no longer in the registry: record where the person lives."))
    return door


# ---- the household


def _still_theirs(gone, home, by_hand):
    """(the household if they still belong to it, what happened to it since: rows of history in order)."""
    if home is None:
        if _was(gone, "household_id"):
            by_hand.append(_("The household has moved or is no longer there: record the household of the person."))
        return None, []
    rows = Change.objects.filter(kind=Kind.HOUSEHOLD, record_id=home.pk, pk__gt=gone.pk, action__in=OF_HOUSEHOLD)
    step = list(rows.order_by("pk"))
    if home.ended_on is None:
        return home, step
    taken = Household.objects.current().filter(number=home.number).exclude(number="").exists()
    if [row.action for row in step] != ["ended"] or taken:
        by_hand.append(_("The household has ended since: record the household of the person."))
        return None, []
    return home, step


def _reopen_household(home, person, relation, gone, step, actor, by_hand):
    """The head and the relations as they were, if the step alone has touched them."""
    own = step[0].changes.get("head_id") or [None]
    if home.ended_on is not None:
        before = trail.snapshot(home)
        home.ended_on, home.head = None, person if own[0] == person.pk else None
        records._write(home)
        trail.note(home, before=before, user=actor, action=BACK)
        heads._write(person, {"relation": relation}, actor, BACK)
        return
    members = [one for one in Resident.objects.living().filter(household=home).order_by("pk") if one != person]
    rows = Change.objects.filter(kind=Kind.RESIDENT, record_id__in=[one.pk for one in members], pk__gt=gone.pk)
    touched = [row for row in rows.order_by("pk") if {"relation", "household_id"} & set(row.changes)]
    alone = len({row.record_id for row in touched}) == len(touched) and {row.action for row in touched} <= {"head"}
    if len(step) > 1 or own[0] != person.pk or not alone:
        by_hand.append(_("The household has another head since: set the head and the relations."))
        return
    were = {row.record_id: row.changes["relation"][0] for row in touched}
    for one in members:
        heads._write(one, {"relation": were.get(one.pk, one.relation)}, actor, BACK)
    heads._write(person, {"relation": codes.HEAD}, actor, BACK)
    heads.appoint(home, person, actor)


# ---- stays, buildings


def _reopen_stay(person, gone, day, whole):
    """The stay that ended goes on; where the household is another now, a new one begins on that day."""
    ended = Stay.objects.filter(resident=person, until=day, ended=GONE[gone.action]).order_by("-pk")[:1]
    for stay in ended:
        if whole and stay.dwelling_id == person.dwelling_id:
            Stay.objects.filter(pk=stay.pk).update(until=None, ended="")
        else:
            Stay.objects.filter(pk=stay.pk).update(ended=Ended.WITHIN)
            stays.begin(person, day, Stay.Began.WITHIN)


def _head_again(person, gone, actor, by_hand):
    """The building that they looked after, if it has no other head."""
    rows = Change.objects.filter(kind=Kind.BUILDING, pk__gt=gone.pk, action="head", changes__has_key="head_id")
    left = [row.record_id for row in rows if row.changes["head_id"][0] == person.pk]
    for building in Building.objects.filter(pk__in=left).select_for_update().order_by("pk"):
        if building.head_id is not None:
            by_hand.append(_("%(building)s has another head since.") % {"building": building})
            continue
        before = trail.snapshot(building)
        building.head = person
        records._write(building)
        trail.note(building, before=before, user=actor, action="head")
