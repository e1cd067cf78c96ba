"""Plain additions and edits of the registry's records. What happens to people (moves, births …) is `services.life`."""

from datetime import datetime, timedelta

from django.contrib.gis.geos import Point
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core import ciphers
from core.errors import Conflict, Invalid, NotFound
from grids import locate
from grids.models import Grid
from residents import checks, codes
from residents.models import (
    Building,
    Change,
    Dwelling,
    Household,
    KeyPlace,
    Organisation,
    Resident,
    Stay,
    Tenancy,
)
from residents.services import leases, rights, stays, support, trail

MODELS = {
    "building": Building,
    "dwelling": Dwelling,
    "household": Household,
    "resident": Resident,
    "organisation": Organisation,
    "place": KeyPlace,
}
REFERENCES = {
    "building": Building, "dwelling": Dwelling, "household": Household, "head": Resident, "organisation": Organisation,
}  # fmt: skip
# What a person may give: when the record is made, and later. A move is never an edit: see `services.life`.
_PLACED = {"grid", "location", "address"}
EDITABLE = {
    "building": _PLACED
    | {"estate", "number", "kind", "storeys", "units", "households_planned", "built", "head"},
    "dwelling": {"unit", "storey", "door", "use", "area", "owner_name", "owner_phone", "dangers"},
    "household": {"number", "kind"},
    "resident": {
        "name", "sex", "birth_date", "id_kind", "id_number", "phone", "relation", "population", "hukou_address",
        "hukou_here", "ethnicity", "education", "marriage", "political", "occupation", "inflow_reason", "inflow_from",
        "permit_expires",
    },
    "organisation": _PLACED
    | {"name", "credit_code", "kind", "legal_person", "phone", "staff", "safety", "business", "dwelling"},
    "place": _PLACED
    | {
        "name", "kind", "organisation", "responsible_name", "responsible_phone", "inspection_days", "inspected_on",
        "next_inspection", "safety",
    },
}  # fmt: skip
WHEN_MADE = {
    "dwelling": {"building"},
    "household": {"dwelling", "grid"},
    "resident": {"household", "dwelling", "grid"},
}


@transaction.atomic
def add(kind: str, /, *, actor, since=None, **values):
    """A new record, and its first row of history. A resident's stay begins on `since` (today if not given).

    Raises Invalid naming every wrong field, Refused where this person may not write.
    """
    model = MODELS[kind]
    record = model(**_readable(kind, values, actor, WHEN_MADE.get(kind, set())))
    _settle(record)
    if record.grid_id is not None:
        rights.must_edit(actor, record.grid.path, model, "add")
    begun = rights.a_day(since or timezone.localdate(), "since")
    _store(record, actor)
    trail.note(record, before={}, user=actor, action="created")
    if kind == "resident":
        _begin(record, begun, actor)
    return record


@transaction.atomic
def change(record, *, actor, seen: datetime | None = None, **values):
    """The record with these values; nothing is written if they are what it has already.

    `seen` is its `updated_at` as this person read it: if somebody changed it since, Conflict says who and what.
    """
    kind = kind_of(record)
    given = _readable(kind, values, actor, set())
    row = rights.locked(record, actor)
    before = trail.snapshot(row)
    for name, value in given.items():
        setattr(row, name, value)
    _follow(row, given)
    _settle(row)
    _check(row, actor)
    if not trail.differences(before, trail.snapshot(row)):
        return row
    _not_overtaken(row, seen)
    if before["grid_id"] != row.grid_id:
        rights.must_edit(actor, row.grid.path, type(row))
    _write(row)
    trail.note(row, before=before, user=actor, action="changed")
    if isinstance(row, Dwelling) and before["use"] != row.use:
        _let_no_more(row, actor)
    if isinstance(row, Building) and before["grid_id"] != row.grid_id:
        support.follow_building(row)  # all else is carried by triggers; these rows do not say whose they are
    return row


@transaction.atomic
def confirm(record, *, actor):
    """Somebody was there and found the record as it stands: it is fresh again, and history says so."""
    row = rights.locked(record, actor)
    row.updated_at = timezone.now()
    type(row).objects.filter(pk=row.pk).update(updated_at=row.updated_at)
    Change.objects.create(
        kind=trail.KINDS[type(row)], record_id=row.pk, grid_id=row.grid_id, user=actor, action="confirmed"
    )
    return row


@transaction.atomic
def end(record, *, actor, on, reason: str):
    """The building was pulled down, the organisation dissolved …: out of all lists, kept in history.

    Raises Invalid while somebody lives there; people die or move out through `services.life`.
    """
    row = rights.locked(record, actor)
    if isinstance(row, Resident):
        raise Invalid(_("People die or move out: record that instead."))
    if row.ended_on is not None:
        return row
    reason = _a_reason(reason)
    day = rights.a_day(on)
    _must_be_empty(row)
    if isinstance(row, Building):
        _end_doors(row, day, reason, actor)
    elif isinstance(row, Dwelling | Organisation):
        leases.end(row.tenancies.all(), day, actor)
    before = trail.snapshot(row)
    row.ended_on = day
    _write(row)
    trail.note(row, before=before, user=actor, action="ended", reason=reason)
    return row


def kind_of(record) -> str:
    return next(kind for kind, model in MODELS.items() if isinstance(record, model))


# ---- what was given


def _readable(kind, values, actor, more):
    """Values by field, references as visible rows. Raises Invalid for names that are not a person's to give."""
    known = EDITABLE[kind] | more
    values = registered(values)
    if unknown := sorted(set(values) - known):
        raise Invalid(fields={name: [_("This field is not changed here.")] for name in unknown})
    return {name: _value(name, value, actor) for name, value in values.items()}


def registered(values: dict) -> dict:
    """Who counts as from elsewhere is not registered where they live, if nothing else is said."""
    elsewhere = values.get("population", checks.LOCAL) not in ("", None, checks.LOCAL)
    return {"hukou_here": False} | values if elsewhere else values


def _value(name, value, actor):
    if value in (None, ""):
        return None if name in {*REFERENCES, "grid", "location"} else value
    if name in REFERENCES:
        return rights.seen_one(REFERENCES[name], value, actor, name)
    if name == "grid":
        return _grid(value, actor)
    if name == "location":
        return _point(value)
    return value


def _grid(value, actor):
    pk = rights.pk_of(value)
    found = Grid.objects.visible_to(actor).valid_on().filter(pk=pk).first() if pk else None
    if found is None:
        raise Invalid(fields={"grid": [_("There is no such grid, or it is not yours to see.")]})
    return found


def _point(value):
    if isinstance(value, Point):
        return value
    try:
        lon, lat = map(float, value)
    except (TypeError, ValueError, OverflowError) as error:
        raise Invalid(fields={"location": [_("Expected longitude and latitude in degrees.")]}) from error
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise Invalid(fields={"location": [_("Expected longitude and latitude in degrees.")]})
    return Point(lon, lat, srid=4326)


# ---- what follows from it


def _settle(record):
    """The grid follows what the record stands in; without that, the place on the map."""
    if isinstance(record, Dwelling):
        _whole_house(record)
    if isinstance(record, Resident) and record.household_id and record.dwelling_id is None:
        record.dwelling = record.household.dwelling
    above = next((one for one in _stands_in(record) if one is not None), None)
    if above is not None:
        record.grid = above.grid
    elif record.grid_id is None and (entry := _on_the_map(getattr(record, "location", None))) is not None:
        record.grid = Grid.objects.get(pk=entry.pk)


def _whole_house(row):
    """A house without doors is one dwelling. Raises Invalid naming `door` where the building has doors, or units."""
    if row.door or not row.building_id:
        return
    if row.unit or row.building.dwellings.current().exclude(pk=row.pk).exists():
        raise Invalid(fields={"door": [_("must not be empty: this building has doors.")]})
    row.door = checks.WHOLE


def _on_the_map(point):
    return locate.current().find(point.x, point.y) if point else None


def _stands_in(record):
    if isinstance(record, Dwelling):
        return [record.building] if record.building_id else []
    if isinstance(record, Resident):
        return [record.dwelling, record.household]
    if isinstance(record, Household | Organisation):
        return [record.dwelling]
    return [record.organisation] if isinstance(record, KeyPlace) and record.grid_id is None else []


def _follow(row, given):
    """A corrected ID number corrects birth date and sex; an inspection sets the next one."""
    if isinstance(row, Resident) and given.get("id_number") and row.id_kind in checks.CARD_KINDS:
        row.birth_date = given.get("birth_date", "") or ""
        row.sex = given.get("sex", "9")
    if isinstance(row, KeyPlace) and ("inspected_on" in given or "inspection_days" in given):
        row.next_inspection = given.get("next_inspection")


def _next_inspection(row):
    if row.next_inspection is None and row.inspected_on is not None:
        row.next_inspection = row.inspected_on + timedelta(days=row.inspection_days)


# ---- checking and writing


def _check(row, actor):
    found = checks.faults(row)
    for name, words in _against_others(row).items():
        found.setdefault(name, words)
    if not found:
        if isinstance(row, KeyPlace):
            _next_inspection(row)
        found = checks.constraint_faults(row)
    if found:
        raise Invalid(fields=found)
    if isinstance(row, Resident):
        _unknown_so_far(row, actor)
    if isinstance(row, Household) and row.number:
        _number_so_far(row, actor)


def _number_so_far(row, actor):
    """As of ID numbers: the same words whether the household is next door or in another town."""
    other = Household.objects.current().filter(number=row.number).exclude(pk=row.pk)
    if row.ended_on is not None or (pk := other.values_list("pk", flat=True).first()) is None:
        return
    facts = {"record": pk} if Household.objects.visible_to(actor).filter(pk=pk).exists() else {}
    words = _(
        "this number cannot be entered here. Look for the household by it: if you find it, use that record; if not, "
        "ask the county's administrator."
    )
    raise Invalid(fields={"number": [words]}, **facts)


def _against_others(row):
    if not isinstance(row, Resident):
        return {}
    if row.household_id and row.dwelling_id != row.household.dwelling_id:
        return {"dwelling": [_("the household lives behind another door.")]}
    head = row.household.head_id if row.household_id else None
    if row.relation == codes.HEAD and head not in (None, row.pk):
        return {"relation": [_("this household has a head already.")]}
    if row.pk and head == row.pk and row.relation != codes.HEAD:
        return {"relation": [_("this is the head: choose another head first.")]}
    return {}


def _unknown_so_far(row, actor):
    """The same words whether the record is in the next house or in another town; only its own people get its id.

    That a number cannot be entered twice cannot be hidden from whoever enters it; nothing else is said, and the
    county's administrator, who sees both records, is the way on.
    """
    other = Resident.objects.filter(id_tag__in=id_tags_of(row.id_kind, row.id_number)).exclude(pk=row.pk)
    if (pk := other.values_list("pk", flat=True).first()) is None:
        return
    facts = {"record": pk} if Resident.objects.visible_to(actor).filter(pk=pk).exists() else {}
    words = _(
        "this number cannot be entered here. Look for the person by it: if you find them, record the move; if not, ask "
        "the county's administrator."
    )
    raise Invalid(fields={"id_number": [words]}, **facts)


def id_tags_of(kind: str, number: str) -> list[str]:
    """The keyed hashes by which a number is found; none for one that cannot be stored."""
    try:
        number = checks.clean_document(kind, number)
    except ValueError:
        return []
    return ciphers.tags("id", number) if number else []


def _store(record, actor):
    _check(record, actor)
    _write(record)


def _write(row):
    row.updated_at = timezone.now()
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:  # two at the same moment
        raise Conflict(_("Somebody has recorded the same at this moment. Please look again.")) from error


def _not_overtaken(row, seen):
    if seen is None or row.updated_at == seen:
        return
    last = Change.objects.filter(kind=trail.KINDS[type(row)], record_id=row.pk).select_related("user").last()
    if last is None:
        raise Conflict
    raise Conflict(
        _("%(who)s changed this record after you had read it.") % {"who": last.user or _("The system")},
        by=str(last.user or ""), action=last.action, at=last.at.isoformat(), changed=sorted(last.changes),
    )  # fmt: skip


def _begin(person, day, actor):
    """Where a new person lives from the beginning, and a household's first head."""
    stays.not_before_birth(person, day, "since")
    Stay.objects.create(
        resident=person, household_id=person.household_id, dwelling_id=person.dwelling_id, grid_id=person.grid_id,
        since=day, began=Stay.Began.RECORDED,
    )  # fmt: skip
    if person.relation == codes.HEAD and person.household_id:
        home = Household.objects.select_for_update().get(pk=person.household_id)
        before = trail.snapshot(home)
        home.head = person
        home.save(update_fields=["head"])
        trail.note(home, before=before, user=actor, action="changed")


# ---- ends


def _a_reason(reason):
    reason = checks.plain(reason or "")
    if not reason:
        raise Invalid(fields={"reason": [_("This field is required.")]})
    return reason[:200]


def _must_be_empty(row):
    if isinstance(row, Household):
        lived = Resident.objects.living().filter(household=row)
    elif isinstance(row, Dwelling):
        lived = Resident.objects.living().filter(dwelling=row)
    elif isinstance(row, Building):
        lived = Resident.objects.living().filter(dwelling__building=row)
    else:
        return
    if lived.exists():
        raise Invalid(_("People live here: record where they have gone first."))


def _end_doors(building, day, reason, actor):
    """A building that is pulled down takes its doors and their tenancies with it: set-based, one row of history each."""
    doors = list(building.dwellings.current().values_list("pk", flat=True))
    leases.end(Tenancy.objects.filter(dwelling__in=doors), day, actor)
    Dwelling.objects.filter(pk__in=doors).update(ended_on=day, updated_at=timezone.now())
    Change.objects.bulk_create(
        Change(
            kind="dwelling", record_id=pk, grid_id=building.grid_id, user=actor, action="ended",
            changes={"ended_on": ["", str(day)], "reason": ["", reason]},
        )
        for pk in doors
    )  # fmt: skip


def _let_no_more(dwelling, actor):
    """A door that is no longer let has no running tenancy."""
    if dwelling.use not in ("rented", "business"):
        leases.end(dwelling.tenancies.all(), timezone.localdate(), actor)


def get(kind: str, pk: int, *, actor):
    """A visible record. Raises NotFound."""
    found = MODELS[kind].objects.visible_to(actor).filter(pk=pk).first()
    if found is None:
        raise NotFound
    return found
