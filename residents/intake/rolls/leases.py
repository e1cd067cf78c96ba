"""Tenancies (租赁): which door, who rents it, from when until when; written as the form writes them."""

from datetime import date

from django.utils import timezone

from residents.checks import WHOLE
from residents.intake import cells
from residents.intake.columns import COLUMNS, Column, Layout
from residents.intake.rolls import people
from residents.intake.rolls.base import AT_ONCE, Roll, batched, pieces
from residents.intake.rolls.doors import KEYS, Doors, address_of
from residents.models import Change, Dwelling, Organisation, Tenancy
from residents.services import leases, trail

TERMS = (
    *people.columns("tenancy", "承租人 租客 承租人姓名 租户 姓名", "承租人身份证号 身份证号 证件号码",
                    "承租人出生日期 出生日期", needed=False),
    Column("tenancy", "firm", ("承租单位", "单位名称", "租赁单位"), cells.line_of(120), ""),
    Column("tenancy", "credit_code", ("承租单位统一社会信用代码", "统一社会信用代码"), cells.credit_code, ""),
    Column("tenancy", "since", ("起租日期", "租赁开始日期", "租期起", "开始日期"), cells.day, "2026-01-05", needed=True),
    Column("tenancy", "until", ("到期日期", "租赁结束日期", "租期止", "结束日期"), cells.day, ""),
    Column("tenancy", "contract", ("合同编号", "租赁合同号", "备案号"), cells.line_of(40), ""),
)  # fmt: skip
LISTED = (*(column for column in COLUMNS if column.name in KEYS), *TERMS)


class Leases(Roll):
    kind = "tenancy"
    layout = Layout(
        LISTED, tuple(one for one in LISTED if one.needed or one.name == "dwelling_door"), frozenset({"tenancy", "grid"})
    )

    def complete(self, line):
        said = line.values
        if address_of(said) and not said.get("dwelling_unit"):
            said.setdefault("dwelling_door", WHOLE)

    def check(self, line):
        said = line.values
        if not address_of(said):
            line.wrong("building_number", "needed")
        if ("tenancy_name" in said) == ("tenancy_firm" in said):
            line.wrong("tenancy_name", "one_tenant")
        people.check(line, "tenancy")
        since = said.get("tenancy_since", "")
        if since > timezone.localdate().isoformat():
            line.wrong("tenancy_since", "future")
        if (until := said.get("tenancy_until")) and until < since:
            line.wrong("tenancy_until", "ends_first")

    # ---- comparing

    def match(self, lines):
        doors = Doors(lines, self.grids)
        found = people.People([line for line in lines if "tenancy_name" in line.values], "tenancy", self.grids)
        firms = self._firms(lines)
        for line in lines:
            door = doors.dwelling(line)
            if door:
                line.plan |= {"door": door, "title": doors.title(line)}
            if "tenancy_name" in line.values:
                if person := found.find(line):
                    line.plan["tenant"], line.plan["who"] = person.pk, person.name
            elif firm := self._firm(line, firms):
                line.plan["organisation"], line.plan["who"] = firm, line.values["tenancy_firm"]
        self.repeated(lines, self._same, "dwelling_door")
        self._against({line.plan["door"] for line in lines if not line.faults}, lines)

    def _same(self, line):
        return *self._key(line), line.values["tenancy_since"]

    def _key(self, line):
        return line.plan["door"], line.plan.get("tenant"), line.plan.get("organisation")

    def _firms(self, lines) -> dict:
        """{(grid, name) or credit code: [(id, name)]}, within the grids of the import."""
        rows, found = Organisation.objects.current().filter(grid_id__in=self.grids), {}
        for name in ("credit_code", "firm"):
            asked = {line.values[f"tenancy_{name}"] for line in lines if f"tenancy_{name}" in line.values}
            column = "name" if name == "firm" else name
            for piece in pieces(asked):
                listed = rows.filter(**{f"{column}__in": piece}).values_list("pk", "grid_id", "name", "credit_code")
                for pk, grid, title, code in listed:
                    found.setdefault(code if name == "credit_code" else (grid, title), []).append((pk, title))
        return found

    def _firm(self, line, firms):
        code = line.values.get("tenancy_credit_code")
        fit = firms.get(code) if code else firms.get((line.grid_id, line.values["tenancy_firm"]))
        if not fit or len(fit) > 1:
            line.wrong("tenancy_credit_code" if code else "tenancy_firm", "several" if fit else "no_organisation")
            return None
        pk, title = fit[0]
        if code and title != line.values["tenancy_firm"]:
            line.wrong("tenancy_firm", "other_firm")
            return None
        return pk

    def _against(self, doors, lines):
        """What is there already: the tenancy of the same tenant that began on the day, or runs on it."""
        there: dict = {}
        for piece in pieces(doors):
            for one in Tenancy.objects.filter(dwelling__in=piece).order_by("since", "pk"):
                there.setdefault((one.dwelling_id, one.tenant_id, one.organisation_id), []).append(one)
        for line in lines:
            if not line.faults:
                self._decide(line, there.get(self._key(line), []))
        self._one_by_one([line for line in lines if not line.faults])

    def _one_by_one(self, lines):
        """What the form would take for one tenancy: two rows of one that is there, or one that begins while another runs."""
        self.repeated([line for line in lines if line.record_id], lambda line: line.record_id, "dwelling_door")
        running: dict = {}
        for line in sorted(lines, key=lambda line: (line.values["tenancy_since"], line.ref)):
            if line.verdict == "n":
                last = running.get(self._key(line))
                if last and last.values.get("tenancy_until", "9") > line.values["tenancy_since"]:
                    line.wrong("dwelling_door", "repeated", str(last.ref))
                else:
                    running[self._key(line)] = line

    def _decide(self, line, known):
        said = line.values
        since = date.fromisoformat(said["tenancy_since"])
        fit = [one for one in known if one.since == since or (one.since < since and not _over(one, since))]
        if not fit:
            line.verdict = "n"
            return
        one = next((one for one in fit if one.since == since), fit[0])
        told = [
            [f"tenancy_{name}", str(before or ""), said[f"tenancy_{name}"]]
            for name, before in (("until", one.until), ("contract", one.contract))
            if f"tenancy_{name}" in said and said[f"tenancy_{name}"] != str(before or "")
        ]
        line.record_id, line.plan["changes"], line.verdict = one.pk, told, "c" if told else "u"
        if said.get("tenancy_until", "9") < one.since.isoformat():
            line.wrong("tenancy_until", "ends_first")

    # ---- writing

    def write(self, new, changed):
        doors = {
            one.pk: one
            for piece in pieces({line.plan["door"] for line in new})
            for one in Dwelling.objects.filter(pk__in=piece).select_for_update(of=("self",)).order_by("pk")
        }
        told, put = [], {}
        for piece in batched(new, AT_ONCE):
            for one in Tenancy.objects.bulk_create([self._begun(line, doors[line.plan["door"]]) for line in piece]):
                door, before = doors[one.dwelling_id], doors[one.dwelling_id].use
                more = self._use(one, door)
                put |= {door.pk: door} if more else {}
                told.append(leases.begun_line(one, self.actor, more, batch=self.batch.uid))
                kept = {"person": one.tenant_id, "door": door.pk, "use": before if more else "", "put": door.use}
                yield one.pk, True, kept
        Dwelling.objects.bulk_update(put.values(), ["use", "updated_at"], batch_size=500)
        lines, after = {line.record_id: line for line in changed}, []
        for piece in pieces(lines):
            for one in Tenancy.objects.filter(pk__in=piece).select_for_update(of=("self",)).order_by("pk"):
                kept = {"person": one.tenant_id, "until": one.until, "contract": one.contract}
                said = lines[one.pk].values
                one.until = date.fromisoformat(said["tenancy_until"]) if "tenancy_until" in said else one.until
                one.contract = said.get("tenancy_contract", one.contract)
                told.append(leases.changed_line(one, kept, self.actor, batch=self.batch.uid))
                after.append(one)
                yield one.pk, False, kept
        Tenancy.objects.bulk_update(after, ["until", "contract"], batch_size=500)
        Change.objects.bulk_create(told, batch_size=1000)

    def _begun(self, line, door) -> Tenancy:
        said, until = line.values, line.values.get("tenancy_until")
        return Tenancy(
            dwelling=door, grid_id=door.grid_id, tenant_id=line.plan.get("tenant"),
            organisation_id=line.plan.get("organisation"), since=date.fromisoformat(said["tenancy_since"]),
            until=date.fromisoformat(until) if until else None, contract=said.get("tenancy_contract", ""),
        )  # fmt: skip

    def _use(self, one, door) -> dict:
        """A running tenancy says how the door is used, as `tenancies.begin_tenancy` has it."""
        use = "business" if one.organisation_id else "rented"
        if one.is_over or door.use == use:
            return {}
        before = trail.snapshot(door)
        door.use, door.updated_at = use, self.now
        return trail.differences(before, trail.snapshot(door))

    # ---- undoing

    def take_back(self, fresh, changed):
        told, doors = [], {}
        for piece in pieces(fresh):
            for one in Tenancy.objects.filter(pk__in=piece).select_related("dwelling").order_by("-pk"):
                kept, more = fresh[one.pk], {}
                door = doors.setdefault(one.dwelling_id, one.dwelling)
                if kept["use"] and door.use == kept["put"]:
                    door.use, door.updated_at = kept["use"], self.now
                    more = {"use": [kept["put"], kept["use"]]}
                told.append(leases.undone_line(one, self.actor, more, batch=self.batch.uid))
        Dwelling.objects.bulk_update(doors.values(), ["use", "updated_at"], batch_size=500)
        for piece in pieces(fresh):
            Tenancy.objects.filter(pk__in=piece).delete()
        back = []
        for piece in pieces(changed):
            for one in Tenancy.objects.filter(pk__in=piece).select_for_update(of=("self",)).order_by("pk"):
                was, kept = {"until": one.until, "contract": one.contract}, changed[one.pk]
                one.until = date.fromisoformat(kept["until"]) if kept["until"] else None
                one.contract = kept["contract"]
                told.append(leases.changed_line(one, was, self.actor, batch=self.batch.uid, action="import_restored"))
                back.append(one)
        Tenancy.objects.bulk_update(back, ["until", "contract"], batch_size=500)
        Change.objects.bulk_create(told, batch_size=1000)

    def shown(self, name, value) -> str:
        return str(value or "")


def _over(tenancy, day: date) -> bool:
    return tenancy.until is not None and tenancy.until <= day
