"""Rosters from a spreadsheet, all or nothing, twice is once; and as a spreadsheet that can be read in again."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from duty import selectors
from duty.models import RosterChange, Shift
from duty.services import roster_rows
from duty.services.rosters import hold, note_change, writable
from grids.models import Post, Unit
from grids.services.findings import Findings

HEAD = ("单位编码", "单位名称", "日期", "开始", "结束", "岗位", "工号", "姓名", "值班电话", "备注")
BATCH = 500


@dataclass
class RosterImported:
    """What an import did, or would do."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    unused: list[str] = field(default_factory=list)


def import_duty(*, source, name: str = "", actor=None, unit: Unit | None = None, dry_run: bool = False) -> RosterImported:
    """Put the shifts of a file (xlsx or csv; a path or an open binary file called `name`) on the rosters.

    With `unit` all rows are its; without it each row names a unit by code. A shift is known by unit, begin, role and
    name: another end, phone or note changes it, nothing is removed. `actor` None: the command line.

    Raises Invalid (fields: "row.column" → sentences); then nothing has changed.
    """
    findings = Findings()
    if unit is not None and actor is not None:
        writable(actor, unit)
    with transaction.atomic():
        rows, table = roster_rows.parse(source, findings, name, with_unit=unit is None)
        file = _File(rows, table.headings, findings, actor, unit)
        file.match()
        findings.raise_any()
        done = file.write()
        if dry_run:
            transaction.set_rollback(True)
    done.unused = table.unused
    return done


def summary(done: RosterImported) -> list[str]:
    """What an import did, in sentences."""
    lines = [_("Shifts: %(added)s added, %(changed)s changed, %(unchanged)s unchanged.") % vars(done)]
    if done.unused:
        lines.append(_("Columns that are not used: %(names)s.") % {"names": ", ".join(done.unused)})
    return lines


class _File:
    """The rows beside what is in the database: four queries for any number of rows."""

    def __init__(self, rows, headings, findings, actor, unit):
        self.rows, self.headings, self.findings, self.actor, self.unit = rows, headings, findings, actor, unit
        self.units = self._units()
        self.people, self.places = self._people()
        self.known = self._known()
        self.new, self.changed, self.unchanged = {}, {}, 0

    def _units(self):
        if self.unit is not None:
            return {"": self.unit}
        found = Unit.objects.filter(code__in={row.unit for row in self.rows}, active=True)
        found = found.select_related("grid").defer("grid__boundary")
        return {u.code: u for u in found if self.actor is None or selectors.may_edit(self.actor, u.grid.path)}

    def _people(self):
        """By staff number, and where each holds a post today."""
        numbers = {row.number for row in self.rows if row.number}
        users = {u.staff_number: u for u in User.objects.filter(staff_number__in=numbers, is_active=True)}
        places: dict[int, set] = {}
        held = Post.objects.on().filter(user__in=[u.pk for u in users.values()])
        for user, unit, grid in held.values_list("user", "unit", "grid"):
            places.setdefault(user, set()).update({("unit", unit), ("grid", grid)})
        return users, places

    def _known(self):
        if not self.rows:
            return {}
        first, last = min(r.starts_at for r in self.rows), max(r.starts_at for r in self.rows)
        units = [u.pk for u in self.units.values()]
        hold(units)
        there = Shift.objects.select_for_update(of=["self"]).filter(unit__in=units, starts_at__range=(first, last))
        return {(s.unit_id, s.starts_at, s.role, s.name): s for s in there}

    def match(self):
        seen = {}
        for row in self.rows:
            unit = self.units.get("" if self.unit is not None else row.unit)
            if unit is None:
                self._say(row, "unit", _("there is no unit “%s” whose roster you keep.") % row.unit)
                continue
            user = self._person(row, unit)
            name = (user.name or user.username) if user else row.name
            key = (unit.pk, row.starts_at, row.role, name)
            if key in seen:
                self._say(row, "name", _("stands on this shift already in row %(row)s.") % {"row": seen[key]})
                continue
            seen[key] = row.line
            self._shift(key, row, user)

    def _person(self, row, unit):
        if not row.number:
            return None
        user = self.people.get(row.number)
        # Whoever works elsewhere is not told by trying numbers.
        near = user and {("unit", unit.pk), ("grid", unit.grid_id)} & self.places.get(user.pk, set())
        if not near:
            self._say(row, "number", _("nobody with this staff number has a post in the unit or its territory."))
            return None
        if row.name and row.name not in (user.name, user.username):
            self._say(row, "name", _("this staff number belongs to somebody with another name."))
        return user

    def _shift(self, key, row, user):
        unit_id, starts_at, role, name = key
        old = self.known.get(key)
        if old is None:
            self.new[key] = Shift(
                unit_id=unit_id, user=user, name=name, role=role, starts_at=starts_at, ends_at=row.ends_at,
                phone=row.phone, note=row.note,
            )  # fmt: skip
            return
        wish = {"ends_at": row.ends_at, "phone": row.phone or old.phone, "note": row.note or old.note}
        if user is not None:
            wish["user_id"] = user.pk
        if all(getattr(old, attribute) == value for attribute, value in wish.items()):
            self.unchanged += 1
            return
        for attribute, value in wish.items():
            setattr(old, attribute, value)
        self.changed[old.pk] = old

    def _say(self, row, name, message):
        self.findings.at(row.line, name, self.headings.get(name, roster_rows.COLUMNS[name][0]), message)

    def write(self) -> RosterImported:
        Shift.objects.bulk_create(self.new.values(), batch_size=BATCH)
        Shift.objects.bulk_update(self.changed.values(), ["ends_at", "phone", "note", "user"], batch_size=BATCH)
        touched: dict[int, list] = {}
        for shift in (*self.new.values(), *self.changed.values()):
            touched.setdefault(shift.unit_id, []).append(shift)
        for unit_id, shifts in touched.items():
            days = sorted({timezone.localdate(s.starts_at) for s in shifts})
            facts = {
                "shifts": len(shifts), "from": days[0].isoformat(), "until": days[-1].isoformat(),
                "names": sorted({s.name for s in shifts})[:50],
            }  # fmt: skip
            note_change(unit_id, self.actor, RosterChange.Action.IMPORT, after=facts)
        return RosterImported(len(self.new), len(self.changed), self.unchanged)


def rows_of(unit: Unit, first: date, days: int, *, numbers: bool):
    """The shifts that begin in so many days, as rows of HEAD. `numbers`: with staff numbers, by which people log in: for
    those who keep the roster, and read the file in again."""
    begin, end = selectors.midnight(first), selectors.midnight(first + timedelta(days=days))
    shifts = Shift.objects.filter(unit=unit, starts_at__gte=begin, starts_at__lt=end).select_related("user")
    for shift in shifts.order_by("starts_at", "pk"):
        number = (shift.user.staff_number or "") if numbers and shift.user else ""
        start, end_at = timezone.localtime(shift.starts_at), timezone.localtime(shift.ends_at)
        yield (
            unit.code, unit.name, start.date().isoformat(), start.strftime("%H:%M"), end_at.strftime("%H:%M"),
            str(shift.get_role_display()), number, shift.name, shift.phone, shift.note,
        )  # fmt: skip
