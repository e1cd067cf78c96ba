"""Centres and departments from a spreadsheet; all or nothing, twice is once."""

from collections import defaultdict
from dataclasses import dataclass, field

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from grids.models import DepartmentKind, Grid, Unit
from grids.services import tables, unit_rows
from grids.services.findings import Findings
from grids.services.unit_rows import Row

BATCH = 500
WRITTEN = ("name", "department_kind", "grid", "phone", "active")


@dataclass
class UnitsImported:
    """What an import did. `unused`: headings of the file that nobody asked for."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    unused: list[str] = field(default_factory=list)


def import_units(*, source, name: str = "", actor_roots=None, dry_run: bool = False) -> UnitsImported:
    """Create and update units from a table (xlsx or csv; a path or an open binary file called `name`).

    Units are found by their code; an empty cell changes nothing, and no unit is removed: one that is closed is made
    inactive. `actor_roots`: paths below which the importing person may have units; None on the command line.

    Raises Invalid (fields: "row.column" → sentences); then nothing has changed.
    """
    findings = Findings()
    rows, table = unit_rows.parse(source, findings, name)
    with transaction.atomic():
        units = _Units(rows, table.headings, findings, actor_roots)
        units.match()
        findings.raise_any()
        done = units.write()
        if dry_run:
            transaction.set_rollback(True)
    done.unused = table.unused
    return done


def still_waited_for(count: int) -> str:
    """Why a unit with this many open events cannot be closed."""
    return ngettext(
        "%(count)s open event lies with this unit or comes back to it; once the unit is closed nobody could go on with it. "
        "If only the name is new, change the name; else close the unit when it is finished or handed on.",
        "%(count)s open events lie with this unit or come back to it; once the unit is closed nobody could go on with them. "
        "If only the name is new, change the name; else close the unit when they are finished or handed on.",
        count,
    ) % {"count": count}


def summary(done: UnitsImported) -> list[str]:
    """What an import did, in sentences."""
    lines = [_("Units: %(added)s added, %(changed)s changed, %(unchanged)s unchanged.") % vars(done)]
    if done.unused:
        lines.append(_("Columns that are not used: %(names)s.") % {"names": ", ".join(done.unused)})
    return lines


class _Units:
    """The rows beside what is in the database: four queries for any number of rows."""

    def __init__(self, rows: list[Row], headings, findings: Findings, actor_roots):
        self.rows, self.headings, self.findings, self.roots = rows, headings, findings, actor_roots
        self.today = timezone.localdate()
        there = Unit.objects.filter(code__in={row.code for row in rows}).select_for_update(of=["self"])
        there = there.select_related("grid").defer("grid__boundary")
        self.there: dict[str, Unit] = {unit.code: unit for unit in there}
        grids = Grid.objects.valid_on(self.today).filter(code__in={row.grid for row in rows}).defer("boundary")
        self.grids: dict[str, Grid] = {grid.code: grid for grid in grids}
        self.kinds: dict[str, list[DepartmentKind]] = defaultdict(list)  # by everything a cell may say
        for kind in DepartmentKind.objects.all():
            for words in {tables.heading_key(words) for words in (kind.code, kind.name, kind.name_en)} - {""}:
                self.kinds[words].append(kind)
        self.wished: list[tuple[Row, Unit]] = []
        self.unchanged = 0

    # -- checks

    def match(self):
        """Compare every row; what does not fit is said."""
        for row in self.rows:
            self._row(row)
        self._refuse_second_ones()
        self._refuse_waited_for()

    def _say(self, row: Row, name: str, message: str):
        self.findings.at(row.number, name, unit_rows.label(self.headings, name), message)

    def _inside(self, path: str) -> bool:
        return self.roots is None or any(path.startswith(root) for root in self.roots)

    def _row(self, row: Row):
        old = self.there.get(row.code)
        if old and not self._inside(old.grid.path):
            self._say(row, "code", _("this unit lies outside your grids: not yours to change."))
            return
        if old and old.kind != row.kind:
            words = _("%(code)s is of the kind %(kind)s, which stays: close it and give the new unit its own code.")
            self._say(row, "kind", words % {"code": row.code, "kind": old.get_kind_display()})
            return
        grid, kind = self._grid(row, old), self._department_kind(row, old)
        if grid is None or kind is False:
            return
        draft = _draft(row, old, grid, kind)
        if old and all(_same(old, draft, name) for name in WRITTEN):
            self.unchanged += 1
        elif self._may_stand(row, old, draft):
            self.wished.append((row, draft))

    def _grid(self, row: Row, old: Unit | None) -> Grid | None:
        """The unit's own grid if it has this code, though it may have ended; else the one in force."""
        if old and old.grid.code == row.grid:
            return old.grid
        grid = self.grids.get(row.grid)
        if grid is None or not self._inside(grid.path):
            self._say(row, "grid", _("there is no grid %s in force.") % f"“{row.grid}”")
            return None
        return grid

    def _department_kind(self, row: Row, old: Unit | None) -> DepartmentKind | bool | None:
        """The department kind, None for a centre; False if there is none such, which is said."""
        words = row.department_kind
        if row.kind == Unit.Kind.CENTRE:
            if words:
                self._say(row, "department_kind", _("A centre has no department kind: leave it empty."))
            return False if words else None
        found = self.kinds.get(tables.heading_key(words), [])
        own = [kind for kind in found if old and kind.pk == old.department_kind_id]
        if not words and old:
            return old.department_kind
        if len(own or found) == 1:
            return (own or found)[0]
        self._say(row, "department_kind", self._which_kind(words, found))
        return False

    def _which_kind(self, words: str, found: list[DepartmentKind]) -> str:
        if found:
            codes = ", ".join(kind.code for kind in found)
            return _("“%(value)s” is more than one department kind: expected one of the codes %(codes)s.") % {
                "value": words,
                "codes": codes,
            }
        known = "、".join(dict.fromkeys(kind.name for kinds in self.kinds.values() for kind in kinds))
        said = _("expected one of %(known)s, got “%(value)s”.")
        return said % {"known": known, "value": words}

    def _may_stand(self, row: Row, old: Unit | None, draft: Unit) -> bool:
        """Whether the changed unit may stand where the row puts it."""
        if draft.grid.level > Unit.DEEPEST[draft.kind]:
            words = _("Expected a grid of level 0 to %(level)s.")
            self._say(row, "grid", words % {"level": Unit.DEEPEST[draft.kind]})
            return False
        if draft.active and draft.grid.valid_until is not None and draft.grid.valid_until <= self.today:
            self._say(row, "grid", _("there is no grid %s in force.") % f"“{row.grid}”")
            return False
        if old and old.grid_id != draft.grid_id and self.roots is not None and old.grid.path in self.roots:
            self._say(row, "grid", _("the units of your own grid stay there: it is administered from above."))
            return False
        return True

    def _refuse_second_ones(self):
        """One active centre in a grid, one active department of a kind in a jurisdiction, when all is written."""
        changed = {draft.pk for _row, draft in self.wished if draft.pk}
        grids = {draft.grid_id for _row, draft in self.wished if draft.active}
        others = Unit.objects.filter(grid__in=grids, active=True).exclude(pk__in=changed)
        held = {_seat(unit): unit for unit in others}
        for row, draft in self.wished:
            if not draft.active:
                continue
            other = held.setdefault(_seat(draft), draft)
            if other is not draft:
                words = {
                    Unit.Kind.CENTRE: _("this grid has a centre already: %(code)s %(name)s."),
                    Unit.Kind.DEPARTMENT: _(
                        "this jurisdiction has a department of this kind already: %(code)s %(name)s."
                    ),
                }[draft.kind]
                self._say(row, "grid", words % {"code": other.code, "name": other.name})

    def _refuse_waited_for(self):
        """A closed unit has no people: what lies with it would lie there for ever."""
        closed = {draft.pk: row for row, draft in self.wished if not draft.active and self._was_active(row)}
        waiting = Unit.objects.filter(pk__in=closed).waited_for() if closed else {}
        for pk, row in closed.items():
            if waiting[pk]:
                self._say(row, "active", still_waited_for(waiting[pk]))

    def _was_active(self, row: Row) -> bool:
        old = self.there.get(row.code)
        return old is not None and old.active

    # -- writing

    def write(self) -> UnitsImported:
        """Write what `match` found: a few statements per 500 rows."""
        drafts = [draft for _row, draft in self.wished]
        changed = [draft for draft in drafts if draft.pk]
        fresh = [draft for draft in drafts if not draft.pk]
        # Closed first: two units that change places may not meet in one of them on the way.
        Unit.objects.filter(pk__in=[draft.pk for draft in changed]).update(active=False)
        Unit.objects.bulk_update(changed, WRITTEN, batch_size=BATCH)
        Unit.objects.bulk_create(fresh, batch_size=BATCH)
        return UnitsImported(added=len(fresh), changed=len(changed), unchanged=self.unchanged)


def _draft(row: Row, old: Unit | None, grid: Grid, department_kind: DepartmentKind | None) -> Unit:
    active = row.active if row.active is not None else (old.active if old else True)
    phone = row.phone or (old.phone if old else "")
    return Unit(
        pk=old and old.pk,
        code=row.code,
        name=row.name,
        kind=row.kind,
        department_kind=department_kind,
        grid=grid,
        phone=phone,
        active=active,
    )


def _same(old: Unit, draft: Unit, name: str) -> bool:
    """Whether a field says the same; texts as a spreadsheet's cells are read, spaces and wide letters aside."""
    if name in ("name", "phone"):
        return tables.text(getattr(old, name)) == tables.text(getattr(draft, name))
    attname = Unit._meta.get_field(name).attname
    return getattr(old, attname) == getattr(draft, attname)


def _seat(unit: Unit) -> tuple:
    """What only one active unit may be: a grid's centre, a jurisdiction's department of a kind."""
    return unit.grid_id, unit.kind, unit.department_kind_id
