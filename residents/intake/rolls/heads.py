"""Who is the head of which building (楼栋长)."""


from django.utils import timezone

from residents.checks import ADULT
from residents.intake.columns import COLUMNS, Layout
from residents.intake.rolls import people
from residents.intake.rolls.base import Roll, pieces
from residents.intake.rolls.doors import KEYS, Doors, address_of
from residents.models import Building, Change, Resident
from residents.models.people import age_on
from residents.models.trail import Kind

LISTED = (
    *(column for column in COLUMNS if column.name in KEYS and column.section != "dwelling"),
    *people.columns("head", "楼栋长 楼栋长姓名 楼长 姓名", "楼栋长身份证号 身份证号 证件号码", "楼栋长出生日期 出生日期"),
)


class Heads(Roll):
    kind = "head"
    layout = Layout(LISTED, tuple(one for one in LISTED if one.needed), frozenset({"head", "grid"}))

    def check(self, line):
        if not address_of(line.values):
            line.wrong("building_number", "needed")
        people.check(line, "head")

    def match(self, lines):
        doors, found = Doors(lines, self.grids), people.People(lines, "head", self.grids)
        today = timezone.localdate()
        for line in lines:
            building, person = doors.building(line), found.find(line)
            if person and person.birth_month and age_on(person.birth_month, today) < ADULT:
                line.wrong("head_name", "minor")
            if line.faults:
                continue
            line.record_id = building.pk
            line.plan |= {"person": person.pk, "title": building.address, "who": person.name, "was": building.head_id}
            line.verdict = "n" if building.head_id is None else "u" if building.head_id == person.pk else "c"
            line.plan["changes"] = [["head_name", building.head_id, person.name]]
        self.repeated(lines, lambda line: line.record_id, "building_number")

    def write(self, new, changed):
        lines = {line.record_id: line for line in (*new, *changed)}
        yield from self._put({pk: line.plan["person"] for pk, line in lines.items()}, "changed")

    def _put(self, heads: dict[int, int | None], action):
        """{building: its head}: set at once, each with a row of history."""
        rows, told = [], []
        for piece in pieces(heads):
            found = Building.objects.filter(pk__in=piece).defer("location")
            for row in found.select_for_update(of=("self",)).order_by("pk"):
                was, row.head_id, row.updated_at = row.head_id, heads[row.pk], self.now
                rows.append(row)
                told.append(
                    Change(
                        kind=Kind.BUILDING, record_id=row.pk, grid_id=row.grid_id, user=self.actor, action=action,
                        changes={"head_id": [was or "", row.head_id or ""]}, batch=self.batch.uid,
                    )
                )  # fmt: skip
                yield row.pk, False, {"person": row.head_id, "head": was}
        Building.objects.bulk_update(rows, ["head", "updated_at"], batch_size=500)
        Change.objects.bulk_create(told, batch_size=1000)

    def take_back(self, fresh, changed):
        living = {
            pk
            for piece in pieces({one["head"] for one in changed.values() if one["head"]})
            for pk in Resident.objects.living().filter(pk__in=piece).values_list("pk", flat=True)
        }
        before = {pk: one["head"] if one["head"] in living else None for pk, one in changed.items()}
        for _done in self._put(before, "import_restored"):
            pass

    def know(self, lines):
        former = {before for line in lines for _name, before, _after in line.plan["changes"] if before}
        self.names = dict(Resident.objects.visible_to(self.actor).filter(pk__in=former).values_list("pk", "name"))

    def shown(self, name, value) -> str:
        """The head that was, if this person may see them; the one that comes stands in the file."""
        return self.names.get(value, "—") if isinstance(value, int) else str(value or "")
