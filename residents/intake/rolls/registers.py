"""Entries of one register, care (关爱对象) or statutory (特殊人群): found by person, checked by the class's own fields,
written as the forms write them. The file's class is known to its owner alone, and sealed at rest.
"""

from dataclasses import asdict
from datetime import date, timedelta
from functools import cached_property

from django.utils import timezone

from core import ciphers
from core.errors import Invalid, NotFound
from residents import care, schema
from residents.codes import Table
from residents.intake import cells
from residents.intake.cells import Bad
from residents.intake.columns import COLUMNS, GRID, Column, Layout
from residents.intake.rolls import people
from residents.intake.rolls.base import AT_ONCE, REASON, Roll, batched, pieces
from residents.models import CareClass, CareRecord, Change, Visit
from residents.models.care import Attention
from residents.services import care as registers
from residents.services import subject, support

PREFIX = "care-"
ATTENTION: Table = {"1": ("高", "high"), "2": ("中", "middle"), "3": ("低", "low")}
COMMON = (
    *people.columns("care", "姓名 居民姓名 名字", "身份证号 身份证号码 公民身份号码 证件号码", "出生日期 出生年月"),
    Column("care", "since", ("开始日期", "纳入日期", "登记日期", "起始时间"), cells.day, "2026-01-05"),
    Column("care", "attention", ("关注等级", "关注程度", "等级"), cells.one_of(ATTENTION), "中", table=ATTENTION),
    Column("care", "responsible", ("责任人", "责任网格员", "包保人"), cells.line_of(40), ""),
    Column("care", "visit_days", ("走访周期天", "走访周期", "走访间隔"), cells.whole(1, 730, "天"), "30"),
    Column("care", "begin_reason", ("纳入原因", "登记原因"), cells.line_of(registers.MOST_REASON), ""),
)  # fmt: skip


def class_of(actor, kind: str) -> CareClass:
    """The class of "care-<code>". Raises NotFound for one that this person may not know of."""
    code = kind.removeprefix(PREFIX)
    found = next((one for one in care.classes_for(actor) if kind.startswith(PREFIX) and one.code == code), None)
    if found is None:
        raise NotFound
    return found


class Register(Roll):
    kind = "care"

    def __init__(self, batch, stage=None):
        super().__init__(batch, stage)
        self.known = class_of(self.actor, f"{PREFIX}{batch.register}")
        self.before_hidden = self.known.statutory

    @cached_property
    def layout(self) -> Layout:
        return layout_of(self.known)

    def paths(self):
        return care.paths_of(self.actor, self.known)

    def choices_of(self, name):
        return "、".join(_field(self.known, name)["choices"]) if _is_own(name) else ""

    def wrong_value(self, column, raw):
        value = super().wrong_value(column, raw)
        return ciphers.mask(value, 1, 0) if self.known.statutory else value

    def check(self, line):
        people.check(line, "care")
        since = line.values.get("care_since")
        if since and since > timezone.localdate().isoformat():
            line.wrong("care_since", "future")
        # By name: until the rows are written an administrator may have put the fields into another order.
        line.values["own"] = {
            field["name"]: line.values.pop(name)
            for number, field in enumerate(self.known.fields)
            if (name := f"care_own_{number}") in line.values
        }

    # ---- comparing

    def match(self, lines):
        found = people.People(lines, "care", self.grids)
        persons = {line.ref: person for line in lines if (person := found.find(line))}
        self.repeated([line for line in lines if line.ref in persons], lambda line: persons[line.ref].pk, "care_name")
        there = self._entries({person.pk for person in persons.values()})
        self.workers: dict = {}
        for line in lines:
            person = persons.get(line.ref)
            if person is not None and not line.faults:
                self._decide(line, person, there.get(person.pk))

    def _entries(self, persons) -> dict:
        """Open entries of these people: CareRecord, or the file of a statutory register."""
        if self.known.statutory:
            return {
                file.resident_id: file for piece in pieces(persons) for file in support.open_files(self.known, piece)
            }
        rows = CareRecord.objects.current().filter(care_class=self.known).select_related("responsible", "grid")
        return {row.resident_id: row for piece in pieces(persons) for row in rows.filter(resident_id__in=piece)}

    def _decide(self, line, person, entry):
        values, own = line.values, self._own(line)
        line.grid_id = person.grid_id
        given = {
            "attention": int(values["care_attention"]) if "care_attention" in values else None,
            "visit_days": values.get("care_visit_days"),
            "responsible": self._worker(line, person.path),
        }
        if entry is None:
            self._fresh(line, own)
            line.verdict = "n"
            if (since := values.get("care_since")) and person.birth_month and since < person.birth_month.isoformat():
                line.wrong("care_since", "before_birth")
        else:
            line.record_id = entry.pk
            line.plan["changes"] = self._changes(entry, given, own)
            line.verdict = "c" if line.plan["changes"] else "u"
        line.plan |= {"person": person.pk, "title": person.name, "own": own} | given

    def _own(self, line) -> dict:
        given, own = line.values["own"], {}
        for number, field in enumerate(self.known.fields):
            if field["name"] in given:
                own[field["name"]] = given[field["name"]]
                if field["choices"] and given[field["name"]] not in field["choices"]:
                    line.wrong(f"care_own_{number}", "no_choice_now")
        return own

    def _fresh(self, line, own):
        for number, field in enumerate(self.known.fields):
            if field["required"] and field["name"] not in own:
                line.wrong(f"care_own_{number}", "needed_new")

    def _worker(self, line, path) -> int | None:
        """The worker of that name who may be responsible there; one name that two have is none."""
        name = line.values.get("care_responsible")
        if not name:
            return None
        if path not in self.workers:
            found: dict[str, list[int]] = {}
            for worker in registers.workers_at(path, self.known):
                found.setdefault(worker.name, []).append(worker.pk)
            self.workers[path] = found
        fit = self.workers[path].get(name, [])
        if len(fit) != 1:
            line.wrong("care_responsible", "worker")
            return None
        return fit[0]

    def _changes(self, entry, given, own) -> list:
        """[column, before, after] as they may be shown."""
        told = []
        for name, before in (
            ("attention", entry.attention), ("visit_days", entry.visit_days), ("responsible", entry.responsible_id),
        ):  # fmt: skip
            if given[name] is not None and given[name] != before:
                told.append([f"care_{name}", before, given[name]])
        had = {} if self.known.statutory else entry.values
        for number, field in enumerate(self.known.fields):
            if field["name"] not in own:
                continue
            if self.known.statutory:  # whether it differs would say what stands in the file, to whoever tries values
                told.append([f"care_own_{number}", True, own[field["name"]]])
            elif own[field["name"]] != had.get(field["name"]):
                told.append([f"care_own_{number}", had.get(field["name"], ""), own[field["name"]]])
        return told

    # ---- writing

    def write(self, new, changed):
        yield from (self._files if self.known.statutory else self._records)(new, changed)

    def _begun(self, line) -> dict:
        plan, days = line.plan, line.plan["visit_days"] or self.known.visit_days
        return {
            "attention": plan["attention"] or Attention.MIDDLE, "responsible_id": plan["responsible"], "visit_days": days,
            "since": date.fromisoformat(line.values.get("care_since") or self.today.isoformat()),
            "begin_reason": line.values.get("care_begin_reason", ""), "next_visit": self.today + timedelta(days=days),
        }  # fmt: skip

    def _onto(self, line, entry):
        """What the file says, as a form that changes an entry would."""
        plan, days = line.plan, entry.visit_days
        entry.attention = plan["attention"] or entry.attention
        entry.responsible_id = plan["responsible"] or entry.responsible_id
        entry.visit_days = plan["visit_days"] or entry.visit_days
        if entry.visit_days != days:
            entry.next_visit = (entry.visited_on or self.today) + timedelta(days=entry.visit_days)

    def _records(self, new, changed):
        told = []
        for piece in batched(new, AT_ONCE):
            made = [self._record(line) for line in piece]
            CareRecord.objects.bulk_create(made, batch_size=500)
            told += (registers.noted(row, {}, {}, self.actor, "begun", batch=self.batch.uid) for row in made)
            yield from ((row.pk, True, {"person": row.resident_id, "grid": row.grid_id}) for row in made)
        lines, after = {line.record_id: line for line in changed}, []
        for piece in pieces(lines):
            for row in CareRecord.objects.current().filter(pk__in=piece).select_for_update(of=("self",)).order_by("pk"):
                before, own, line = registers.trail.snapshot(row), row.values, lines[row.pk]
                self._onto(line, row)
                row.seal(own | line.plan["own"])
                after.append(row)
                told.append(registers.noted(row, before, own, self.actor, "changed", batch=self.batch.uid))
                yield row.pk, False, {"person": row.resident_id, **{name: before[name] for name in KEPT}, "own": own}
        CareRecord.objects.bulk_update(after, CHANGED, batch_size=200)
        Change.objects.bulk_create([one for one in told if one], batch_size=1000)

    def _record(self, line) -> CareRecord:
        row = CareRecord(
            resident_id=line.plan["person"], care_class=self.known, grid_id=line.grid_id, **self._begun(line)
        )
        row.seal(line.plan["own"])
        return row

    def _files(self, new, changed):
        begun = [
            support.File(
                line.plan["person"], self.known.code, own=line.plan["own"],
                **self._begun(line),
            )
            for line in new
        ]  # fmt: skip
        grids = [line.grid_id for line in new]
        for file in support.begin_all(begun, grids, self.known, actor=self.actor, batch=self.batch.uid):
            yield file.pk, True, {"person": file.resident_id}
        lines, after = {line.record_id: line for line in changed}, []
        for piece in pieces(lines):
            for file in support.of_ids(piece, self.known):
                before = asdict(file)
                self._onto(lines[file.pk], file)
                file.own = file.own | lines[file.pk].plan["own"]
                if asdict(file) == before:
                    continue
                after.append((file, before))
                kept = {name: before[name] for name in (*KEPT, "own")}
                yield file.pk, False, {"person": file.resident_id, **kept}
        support.change_all(after, actor=self.actor, batch=self.batch.uid)

    # ---- undoing

    def take_back(self, fresh, changed):
        if self.known.statutory:
            self._files_back(fresh, changed)
        else:
            self._records_back(fresh, changed)

    def _records_back(self, fresh, changed):
        for piece in pieces(fresh):
            subject.remove_care([(pk, fresh[pk]["grid"]) for pk in piece], actor=self.actor, reason=REASON)
        rows, told = [], []
        for piece in pieces(changed):
            for row in CareRecord.objects.filter(pk__in=piece).select_for_update(of=("self",)).order_by("pk"):
                before, own = registers.trail.snapshot(row), row.values
                row.seal(self._as_before(row, changed[row.pk]))
                rows.append(row)
                told.append(registers.noted(row, before, own, self.actor, "import_restored", batch=self.batch.uid))
        CareRecord.objects.bulk_update(rows, CHANGED, batch_size=200)
        Change.objects.bulk_create([one for one in told if one], batch_size=1000)

    def _files_back(self, fresh, changed):
        for piece in pieces(fresh):
            support.remove_all(support.of_ids(piece, self.known), actor=self.actor, reason=REASON)
        for piece in pieces(changed):
            restored = []
            for file in support.of_ids(piece, self.known):
                before = asdict(file)
                file.own = self._as_before(file, changed[file.pk])
                restored.append((file, before))
            support.change_all(restored, actor=self.actor, batch=self.batch.uid, action="import_restored")

    def _as_before(self, entry, kept) -> dict:
        """The entry as it was; its own fields are given back."""
        for name in KEPT:
            value = kept[name]
            setattr(entry, name, date.fromisoformat(value) if name == "next_visit" and value else value)
        return kept["own"]

    def used(self, fresh):
        if self.known.statutory:
            return sum(bool(file.visits) for piece in pieces(fresh) for file in support.of_ids(piece, self.known))
        return sum(Visit.objects.filter(record_id__in=piece).count() for piece in pieces(fresh))

    # ---- what is shown

    def log_looks(self, count, address):
        if self.known.statutory and count:
            support.log_names(actor=self.actor, care_class=self.known, rows=count, address=address)

    def know(self, lines):
        changes = [change for line in lines for change in line.plan.get("changes", ())]
        told = {pk for name, *sides in changes if name == "care_responsible" for pk in sides if pk}
        self.names = {one.pk: str(one) for one in registers.User.objects.filter(pk__in=told)}

    def shown(self, name, value) -> str:
        """One side of a change in words."""
        if value in (None, ""):
            return ""
        if _is_own(name):
            return schema.words(_field(self.known, name), value)
        if name == "care_attention":
            return str(Attention(int(value)).label)
        if name == "care_responsible":
            return self.names.get(value, "")
        return str(value)


KEPT = ("attention", "responsible_id", "visit_days", "next_visit")
CHANGED = ["attention", "responsible", "visit_days", "next_visit", "data"]


def layout_of(care_class) -> Layout:
    """The columns of a file of this class: whose entry, its terms, and the class's own fields."""
    grid = next(column for column in COLUMNS if column.section == GRID)
    own = tuple(_own_column(number, field) for number, field in enumerate(care_class.fields))
    listed = (grid, *COMMON, *own)
    return Layout(listed, tuple(one for one in COMMON if one.needed), frozenset({"care", GRID}))


def _own_column(number, field) -> Column:
    words = tuple(dict.fromkeys((field["label"], *filter(None, [field.get("label_en")]))))
    table = {word: (word, word) for word in field["choices"]} if field["choices"] else None
    if field["kind"] == "yes_no":
        table = {"yes": ("是", "yes"), "no": ("否", "no")}
    return Column(
        "care", f"own_{number}", words, _reader(field), example_of(field), table=table, private=True,
        needed=field["required"],
    )  # fmt: skip


EXAMPLES = {"text": "", "date": "2026-01-05", "number": "600", "yes_no": "是", "phone": "12000000001"}


def example_of(field) -> str:
    return field["choices"][0] if field["choices"] else EXAMPLES[field["kind"]] or ("刘国强" if field["required"] else "")


def _reader(field):
    """A cell of a class's own field, as its form cleans it."""
    tidy = {"date": cells.day, "phone": cells.phone, "yes_no": cells.yes_or_no, "text": _text}
    tidy = tidy.get(field["kind"], cells.text)
    choices = {cells.text(word): word for word in field["choices"]}
    english = dict(zip(map(cells.text, field.get("choices_en") or ()), field["choices"], strict=False))

    def read(value):
        said = tidy(value)
        if said in (None, ""):
            return None
        if field["kind"] == "yes_no":
            said = "yes" if said else "no"
        elif field["kind"] == "choice":
            said = choices.get(said) or english.get(said, said)
        try:
            return schema.cleaned([field], {field["name"]: said}).get(field["name"])
        except Invalid as error:
            raise Bad(WRONG.get(field["kind"], "too_long"), str(schema.MOST_SIGNS)) from error

    return read


def _text(value):
    """Certificates have more digits than a spreadsheet keeps of a number."""
    cells.digits(value)
    return cells.text(value)


WRONG = {"choice": "not_in_table", "number": "figure", "date": "day", "phone": "phone", "yes_no": "yes_no"}


def _is_own(name) -> bool:
    return name.startswith("care_own_")


def _field(care_class, name) -> dict:
    number = int(name.removeprefix("care_own_"))
    return care_class.fields[number] if number < len(care_class.fields) else {"choices": [], "kind": "text", "name": ""}

