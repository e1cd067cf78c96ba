"""What is to be done and by when: visits, inspections, permits, doors and people whose record cannot be true."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from residents import care
from residents.models import CareRecord, Dwelling, KeyPlace, Resident
from residents.selectors import checks, paging
from residents.services import support

SOON = 30  # days ahead that lists with a day look
VISITS, STATUTORY, INSPECTIONS, PERMITS = "visits", "statutory", "inspections", "permits"
LABELS = {
    VISITS: _("Visits due"),
    STATUTORY: _("Statutory visits due"),
    INSPECTIONS: _("Inspections due"),
    PERMITS: _("Residence permits expiring"),
    "occupied": _("Empty, but occupied"),
    "dwelling_missing": _("People without a dwelling"),
    "id_missing": _("ID number missing"),
}
DAYS = {VISITS: "next_visit", INSPECTIONS: "next_inspection", PERMITS: "permit_expires"}


@dataclass(frozen=True)
class Due:
    """One list in the overview: how many, and how many of them are overdue (None for lists without a day)."""

    kind: str
    label: str
    count: int
    overdue: int | None


def kinds_for(user) -> list[str]:
    """The lists that this person may know of: without a class of statutory care there is no such list."""
    hidden = set()
    if not care.classes_for(user, group="care"):
        hidden.add(VISITS)
    if not care.classes_for(user, group="statutory"):
        hidden.add(STATUTORY)
    return [kind for kind in LABELS if kind not in hidden]


def overview(*, user, path: str = "/", days: int = SOON) -> list[Due]:
    """All lists with their counts: four queries, and those of the statutory registers for whoever may know of one."""
    today = timezone.localdate()
    found = {
        kind: _counts(_rows(kind, user, path, days), DAYS[kind], today) for kind in (VISITS, INSPECTIONS)
    }
    found |= _people(user, path, days, today)
    found["occupied"] = (_rows("occupied", user, path, days).count(), None)
    kinds = kinds_for(user)
    if STATUTORY in kinds:
        files = _files(user, path, days)
        found[STATUTORY] = (len(files), sum(file.next_visit < today for file in files))
    return [Due(kind, LABELS[kind], *found[kind]) for kind in kinds]


def rows(*, user, kind: str, path: str = "/", after: str = "", size: int = paging.SIZE, days: int = SOON):
    """A page of one list: the longest overdue first, lists without a day by id. One query (statutory: those of the
    register, for `support.File`s)."""
    if kind not in kinds_for(user):
        return paging.Page([])
    if kind == STATUTORY:
        return _page_of_files(_files(user, path, days), after, size)
    found = _rows(kind, user, path, days)
    if kind in DAYS:
        return paging.by_day(found, DAYS[kind], after, size)
    return paging.by_id(found, after, size)


def listed(*, user, kind: str, path: str = "/", days: int = SOON):
    """All rows of a list that is none of a statutory register."""
    return _rows(kind, user, path, days)


def files(user, path: str = "/", days: int = SOON) -> list:
    """All files (`support.File`) of the statutory list."""
    return _files(user, path, days)


def _rows(kind, user, path, days):
    until = timezone.localdate() + timedelta(days=days)
    if kind == VISITS:
        rows = CareRecord.objects.filter(until=None, next_visit__lte=until)
        rows = rows.select_related("resident__dwelling__building", "care_class", "responsible")
    elif kind == INSPECTIONS:
        rows = KeyPlace.objects.current().filter(next_inspection__lte=until)
    elif kind == PERMITS:
        rows = (
            Resident.objects.living().filter(permit_expires__lte=until).select_related("dwelling__building")
        )
    elif kind == "occupied":
        rows = checks.CHECKS["empty_lived"].rows(Dwelling.objects.select_related("building"))
    else:
        rows = checks.CHECKS[kind].rows(Resident.objects.select_related("dwelling__building"))
    return (
        rows.visible_to(user)
        .filter(grid__path__startswith=path)
        .select_related("grid")
        .defer("grid__boundary")
    )


def _counts(rows, field, today) -> tuple[int, int]:
    counted = rows.order_by().aggregate(n=Count("pk"), late=Count("pk", filter=Q(**{f"{field}__lt": today})))
    return counted["n"], counted["late"]


def _people(user, path, days, today):
    """Three lists of people in one walk."""
    people = Resident.objects.visible_to(user).living().filter(grid__path__startswith=path)
    soon = Q(permit_expires__lte=today + timedelta(days=days))
    conditions = {kind: checks.CHECKS[kind].condition(today) for kind in ("dwelling_missing", "id_missing")}
    counted = people.aggregate(
        permits=Count("pk", filter=soon), late=Count("pk", filter=Q(permit_expires__lt=today)),
        **{kind: Count("pk", filter=condition) for kind, condition in conditions.items()},
    )  # fmt: skip
    return {PERMITS: (counted["permits"], counted["late"])} | {
        kind: (counted[kind], None) for kind in conditions
    }


def _files(user, path, days) -> list:
    found = support.due(actor=user, before=timezone.localdate() + timedelta(days=days))
    return [file for file in found if file.resident.grid.path.startswith(path)]


def _page_of_files(files, after, size):
    last: tuple[date | None, int | None] = paging.place(after)
    if None not in last:
        files = [file for file in files if (file.next_visit, file.pk) > last]
    more = len(files) > size
    return paging.Page(files[:size], f"{files[size - 1].next_visit}_{files[size - 1].pk}" if more else "")
