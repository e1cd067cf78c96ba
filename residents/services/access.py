"""Looking at private data: with a reason, by permission, so many a day, and written down for ever. Who is let look, too.

Every look is one row of `Access`: who, what, which record and fields, why, from which address. What is unusual is
flagged when it is written: at night, outside the own grid, many in one day.
"""

from collections.abc import Iterable
from datetime import datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Q, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Invalid, NotFound, Refused
from grids.models import Grid
from grids.scope import Scope
from residents import schema
from residents.models import Access, CareRecord, Dwelling, KeyPlace, Organisation, Resident
from residents.models.trail import Kind
from residents.services import trail

UNMASK = "residents.unmask_registry"
# The private fields of each kind of record.
PRIVATE = {
    Resident: ("id_number", "phone", "birth_date"),
    Dwelling: ("owner_phone",),
    Organisation: ("phone",),
    KeyPlace: ("responsible_phone",),
}
LEAST_REASON, MOST_REASON = 4, 200
NIGHT = (22, 6)  # hours of the day between which nobody is expected to look
NIGHT_FLAG, OUTSIDE, MANY = "night", "outside", "many"
USUAL_DAYS, USUAL_LOOKS = 90, 10  # after so many looks in so many days it is known where somebody works
LOOKS = (Access.Act.UNMASK, Access.Act.OPEN, Access.Act.STATEMENT)  # of one record each: counted, and limited
LISTED = timedelta(minutes=15)  # a list that is turned over, refreshed or come back to within it was opened once
LOWEST = 4  # level of the grids that have no others below


class TooMany(Refused):
    """This person has looked at so many records today that no more are shown."""

    status = 429
    code = "too_many"


@transaction.atomic
def unmask(*, actor, record, fields: Iterable[str], reason: str, address: str = "") -> dict[str, str]:
    """{field: clear value} of one record. Raises NotFound, Refused, TooMany or Invalid; then nothing is shown."""
    model = type(record)
    rows = model.objects.visible_to(actor).filter(pk=record.pk)
    found = rows.select_related("grid", *(("care_class", "resident") if model is CareRecord else ())).first()
    if found is None:
        raise NotFound
    wanted = _wanted(found, fields)
    if not Scope.of(actor).may_at(UNMASK, found.grid.path):
        raise Refused(_("Your post does not let you see private data here."))
    reason = checked_reason(reason)
    write(
        actor=actor, act=Access.Act.UNMASK, kind=trail.KINDS[model], record_id=found.pk, grid=found.grid,
        fields=wanted, reason=reason, address=address,
        resident=found if model is Resident else getattr(found, "resident", None),
    )  # fmt: skip
    return {name: value_of(found, name) for name in wanted}


def private_of(record) -> dict[str, str]:
    """{name: label} of the private fields of a record; of an entry of a register the phones among its class's own."""
    if isinstance(record, CareRecord):
        return {field["name"]: schema.label(field) for field in record.care_class.fields if field["kind"] == "phone"}
    return {name: record._meta.get_field(name).verbose_name for name in PRIVATE.get(type(record), ())}


def value_of(record, name: str) -> str:
    """A private field in clear."""
    return record.values.get(name, "") if isinstance(record, CareRecord) else getattr(record, name)


def log_open(*, actor, file_id: int, grid, class_tag: str, reason: str, address: str = ""):
    """That a file of a statutory register was opened; counts like an unmasking."""
    return write(
        actor=actor, act=Access.Act.OPEN, kind=Kind.SUPPORT, record_id=file_id, grid=grid, fields=[],
        reason=checked_reason(reason), address=address, class_tag=class_tag,
    )  # fmt: skip


def log_list(*, actor, path: str, tags: list[str], rows: int, address: str = "") -> Access | None:
    """That the list of a statutory register was opened, `rows` long: names are looked at, without a reason and without
    a limit. None if it is still the opening that was written down. `path`: of the grid where the reader may know of
    the class; `tags`: those of the class, the present one first."""
    since = timezone.now() - LISTED
    opened = Access.objects.filter(user_id=actor.pk, act=Access.Act.LIST, class_tag__in=tags, at__gt=since)
    if opened.filter(rows__gte=rows, address=address[:45]).exists():
        return None
    return write(
        actor=actor, act=Access.Act.LIST, kind=Kind.SUPPORT, record_id=None, grid=Grid.objects.get(path=path), fields=[],
        reason="", address=address, rows=rows, class_tag=tags[0], limited=False,
    )  # fmt: skip


def log_roles(*, actor, class_id: int, before: list[str], after: list[str], address: str = ""):
    """That other roles may know of a class than before."""
    return write(
        actor=actor, act=Access.Act.ROLES, kind=Kind.CLASS, record_id=class_id, grid=Grid.objects.get(level=0),
        fields=[sorted(before), sorted(after)], reason="", address=address, limited=False,
    )  # fmt: skip


def log_export(
    *,
    actor,
    kind,
    grid_id=None,
    fields=(),
    reason: str = "",
    rows: int,
    address: str = "",
    class_tag: str = "",
):
    """That rows left the system. `fields`: the private ones that left in clear; they need a reason."""
    reason = checked_reason(reason) if fields else reason[:MOST_REASON]
    grid = Grid.objects.get(pk=grid_id) if grid_id else Grid.objects.get(level=0)
    return write(
        actor=actor, act=Access.Act.EXPORT, kind=kind, record_id=None, grid=grid, fields=list(fields), reason=reason,
        address=address, rows=rows, class_tag=class_tag, limited=False,
    )  # fmt: skip


def log_statement(*, actor, resident, reason: str, address: str = ""):
    """That all that is held about a person was printed."""
    return write(
        actor=actor, act=Access.Act.STATEMENT, kind=Kind.RESIDENT, record_id=resident.pk, grid=resident.grid,
        fields=list(PRIVATE[Resident]), reason=checked_reason(reason), address=address, resident=resident,
    )  # fmt: skip


def checked_reason(reason: str) -> str:
    """The reason without spaces around it. Raises Invalid where it says nothing."""
    words = " ".join(str(reason or "").split())
    if not LEAST_REASON <= len(words) <= MOST_REASON or len(set(words)) < LEAST_REASON - 1:
        message = _("Say in %(least)s to %(most)s characters what you need it for.")
        raise Invalid(fields={"reason": [message % {"least": LEAST_REASON, "most": MOST_REASON}]})
    return words


def write(*, actor, act, kind, record_id, grid, fields, reason, address, resident=None, rows=1, class_tag="",
          limited=True, now: datetime | None = None) -> Access:  # fmt: skip
    """One row of the log, counted under a lock of the person's account: the limit is exact also at once."""
    now = now or timezone.now()
    with transaction.atomic():
        User.objects.select_for_update(no_key=True, of=("self",)).get(pk=actor.pk)
        before = looks_today(actor, now)
        if limited and before >= settings.UNMASK_PER_DAY:
            words = _("You have looked at %(count)s records today; more are not shown before tomorrow.")
            raise TooMany(words % {"count": before})
        flags = _flags(actor, grid, now, before + 1 if act in LOOKS else rows, act)
        return Access.objects.create(
            user=actor, act=act, kind=kind, record_id=record_id, grid=grid, fields=fields, reason=reason,
            address=address[:45], resident=resident, rows=rows, class_tag=class_tag, at=now, flags=flags,
            flagged=bool(flags),
        )  # fmt: skip


def looks_today(user, now: datetime | None = None) -> int:
    """How many records this person has looked at since midnight, exports and lists left out."""
    start = datetime.combine(timezone.localtime(now).date(), time.min, timezone.get_current_timezone())
    rows = Access.objects.filter(user_id=user.pk, at__gte=start, at__lt=start + timedelta(days=1))
    return rows.filter(act__in=LOOKS).aggregate(n=Sum("rows"))["n"] or 0


def _wanted(record, fields) -> list[str]:
    wanted = [name for name in private_of(record) if name in set(fields)]
    if not wanted or set(fields) - set(wanted):
        raise Invalid(fields={"fields": [_("Choose what you need to see.")]})
    return wanted


def _flags(actor, grid, now, count, act) -> list[str]:
    hour = timezone.localtime(now).hour
    most = settings.ACCESS_MANY_PER_DAY if act in LOOKS else settings.ACCESS_MANY_ROWS
    flags = [NIGHT_FLAG] if hour >= NIGHT[0] or hour < NIGHT[1] else []
    if act in LOOKS and (_outside(actor, grid.path) or _unusual(actor, grid.path, now)):
        flags.append(OUTSIDE)
    return [*flags, MANY] if count >= most else flags


def _unusual(actor, path, now) -> bool:
    """In a part of the own territory where this person has not looked for months: for posts above the smallest grids,
    which cover everything they are asked about. A part is one level below the post (a station's grid, a town's
    village); somebody new is usual everywhere until it is known where they work. One query, none for a grid's post.
    """
    levels = [seat.level for seat in Scope.of(actor).seats if seat.covers(path)]
    level = max(levels, default=LOWEST) + 1
    if level > LOWEST:
        return False
    part = "/".join(path.split("/")[: level + 2]) + "/"
    if path.count("/") < level + 2:
        return False  # the record lies above the parts
    looks = Access.objects.filter(user_id=actor.pk, at__gte=now - timedelta(days=USUAL_DAYS), at__lte=now)
    seen = looks.filter(act__in=LOOKS).aggregate(
        n=Count("pk"), here=Count("pk", filter=Q(grid__path__startswith=part))
    )
    return seen["n"] >= USUAL_LOOKS and not seen["here"]


def _outside(actor, path) -> bool:
    """Outside the own grids: the deepest ones in which this person holds a post. A second, wider post permits the
    look; it stays noticeable."""
    seats = Scope.of(actor).seats
    deepest = max((seat.level for seat in seats), default=0)
    return not any(seat.covers(path) for seat in seats if seat.level == deepest)
