"""Case standards (立案结案标准): loading versions of them, and finding the right one while reporting."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache, reduce
from operator import or_
from pathlib import Path

from django.db import transaction
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Length
from django.utils.translation import gettext as _

from core.errors import Conflict, DomainError, Invalid
from events.models import Event, StageLimit, Standard, StandardLead
from events.standard_rows import Parser, Row, of_standard, read_csv
from grids.models import DepartmentKind

DATA = Path(__file__).parent / "data"
FILES = (DATA / "case_standards.csv", DATA / "governance_standards.csv")
STAGE_LIMITS = DATA / "stage_limits.csv"
EVERYDAY_WORDS = DATA / "everyday_words.csv"
DEPARTMENT_KINDS = Path(__file__).parent.parent / "grids" / "data" / "department_kinds.csv"
HAN = re.compile(r"[\u3400-\u9fff]")
PARTICLES = re.compile("[了的吗呢啊吧呀]")  # said, but in no list
QUERY_SIZE = 40  # characters: each adds a comparison to the query
SEARCH_SIZE = Standard._meta.get_field("search_text").max_length


@dataclass(frozen=True)
class Loaded:
    """How many standards a load opened, replaced by a new version, and left as they were."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0

    def __add__(self, other):
        sums = (getattr(self, name) + getattr(other, name) for name in ("added", "changed", "unchanged"))
        return Loaded(*sums)


# ---- writes


@transaction.atomic
def load(
    rows: Iterable[Mapping], valid_from: date, *, only_missing: bool = False, first_row: int = 1
) -> Loaded:
    """Bring the standards to what `rows` say, from the day `valid_from` on; those not named stay.

    A row has the columns of events/data/README.md. What is the same stays untouched; what differs ends its
    version on `valid_from` and opens a new one, so that events keep the one they were registered under.
    `only_missing` adds new codes and leaves what a county has edited. As many queries for one row as for all.

    Raises Invalid (fields: "row.column" → sentences) or Conflict; then nothing has changed.
    """
    # Locking the kinds makes a second load wait for the first instead of opening the same versions beside it.
    kinds = dict(DepartmentKind.objects.select_for_update(no_key=True).values_list("code", "pk"))
    parsed = Parser(kinds).parse(rows, first_row=first_row)
    current = {
        standard.code: standard
        for standard in Standard.objects.filter(valid_until=None).prefetch_related("leads__department_kind")
    }
    added = [row for row in parsed if row.code not in current]
    named = [(row, current[row.code]) for row in parsed if row.code in current]
    differ = [(row, old) for row, old in named if row != of_standard(old, old.leads.all())]
    changed = [] if only_missing else differ
    replaced = {row.code for row, _old in changed}
    _refuse_overlap({row.code for row in added}, valid_from)
    _make_way([old for _row, old in changed], valid_from)
    _open([*added, *(row for row, _old in changed)], valid_from, kinds)
    _refresh_search_texts([old for _row, old in named if old.code not in replaced])
    return Loaded(len(added), len(changed), len(named) - len(changed))


def revise(*, code: str, valid_from: date, **changes) -> Standard:
    """A new version of the standard `code` from `valid_from` on; `changes` are columns of a standards file.

    Returns the version then open (the same one if nothing differs). Raises as `load` does.
    """
    old = Standard.objects.filter(code=code, valid_until=None).first()
    if old is None:
        raise Invalid(_("There is no standard %(code)s in force.") % {"code": code})
    leads = old.leads.select_related("department_kind")
    load([{**as_columns(of_standard(old, leads)), **changes}], valid_from)
    return Standard.objects.get(code=code, valid_until=None)


@transaction.atomic
def load_department_kinds(path: Path = DEPARTMENT_KINDS) -> int:
    """Add the department kinds of the file that are missing; returns how many. Names a county edited stay."""
    before = DepartmentKind.objects.count()
    rows = [
        DepartmentKind(code=raw["code"], name=raw["name_zh"], name_en=raw["name_en"], sort=int(raw["sort"]))
        for raw in read_csv(path)
    ]
    DepartmentKind.objects.bulk_create(rows, ignore_conflicts=True)
    return DepartmentKind.objects.count() - before


@transaction.atomic
def load_stage_limits(path: Path = STAGE_LIMITS) -> int:
    """Add the stage limits of the file that are missing; returns how many. Limits a county edited stay."""
    before = StageLimit.objects.count()
    rows = [
        StageLimit(stage=raw["stage"], urgency=raw["urgency"], limit=raw["amount"], limit_unit=raw["unit"])
        for raw in read_csv(path)
    ]
    StageLimit.objects.bulk_create(rows, ignore_conflicts=True)
    return StageLimit.objects.count() - before


@transaction.atomic
def load_defaults(valid_from: date, *, only_missing: bool = False) -> Loaded:
    """Everything this project ships: department kinds, stage limits and both lists of standards."""
    load_department_kinds()
    load_stage_limits()
    return load_files(FILES, valid_from, only_missing=only_missing)


@transaction.atomic
def load_files(paths: Iterable[Path | str], valid_from: date, *, only_missing: bool = False) -> Loaded:
    """`load` for CSV files: all of them or none.

    Rows are counted as a spreadsheet shows them (the heading is row 1); the message names the file.
    """
    total = Loaded()
    for path in map(Path, paths):
        try:
            total += load(read_csv(path), valid_from, only_missing=only_missing, first_row=2)
        except DomainError as error:
            error.message = f"{path.name}: {error.message}"
            raise
    return total


def as_columns(row: Row) -> dict[str, str]:
    """A row as a standards file writes it: what `load` reads back as the same row."""
    columns = {name: str(value) for name, value in row.values.items() if name != "code"}
    columns["photos"] = "yes" if row.photos_required else "no"
    columns["rating"] = "yes" if row.rating_asked else "no"
    del columns["photos_required"], columns["rating_asked"]
    leads = dict(row.leads)
    columns |= {f"lead_{level}": leads.get(level, "") for level in (0, 1, 2)}
    return columns


def search_text(*, code: str, minor_name: str, major_name: str, condition: str) -> str:
    """What `search` looks in: words, initials of their pinyin, the class's whole pinyin, what people call it.

    >>> search_text(code="C0146-2", minor_name="户外健身设施", major_name="公用设施", condition="掉漆锈蚀")
    'hwjsss 户外健身设施 huwaijianshensheshi 公用设施 掉漆锈蚀 dqxs c0146-2 #健身器材#运动器材#'
    """
    # Imported late: its phrase tables take 60 MB, which a web worker that only searches need not hold.
    from pypinyin import Style, lazy_pinyin

    def initials(words):
        return "".join(lazy_pinyin(words, style=Style.FIRST_LETTER, errors="ignore"))

    whole = "".join(lazy_pinyin(minor_name, errors="ignore"))
    words = [initials(minor_name), minor_name, whole, major_name, condition, initials(condition), code]
    if everyday := _everyday_words().get(code.partition("-")[0]):
        words.append(f"#{everyday.replace(' ', '#')}#")
    return " ".join(words).lower()[:SEARCH_SIZE]


def _refuse_overlap(codes: set[str], valid_from: date):
    """A standard that was ended for a later day cannot begin again before that day."""
    ending = [old for old in Standard.objects.filter(valid_until__gt=valid_from) if old.code in codes]
    if ending:
        raise Conflict(
            _("%(codes)s: the ended version is in force beyond %(day)s. Choose a later day.")
            % {"codes": _codes(ending), "day": valid_from}
        )


def _make_way(old: list[Standard], valid_from: date):
    """End the versions that are replaced. One that began the same day goes, unless an event lies under it."""
    later = [standard for standard in old if standard.valid_from > valid_from]
    if later:
        raise Conflict(
            _("%(codes)s: there is a version that begins after %(day)s. Choose a later day.")
            % {"codes": _codes(later), "day": valid_from}
        )
    same_day = [standard for standard in old if standard.valid_from == valid_from]
    used = set(Event.objects.filter(standard__in=same_day).values_list("standard_id", flat=True))
    if used:
        raise Conflict(
            _("%(codes)s: events use the version of %(day)s already. Choose a later day.")
            % {"codes": _codes(standard for standard in same_day if standard.pk in used), "day": valid_from}
        )
    Standard.objects.filter(pk__in=[standard.pk for standard in same_day]).delete()
    earlier = [standard.pk for standard in old if standard.valid_from < valid_from]
    Standard.objects.filter(pk__in=earlier).update(valid_until=valid_from)


def _open(rows: list[Row], valid_from: date, kinds: Mapping[str, int]):
    standards = Standard.objects.bulk_create(
        Standard(**row.values, valid_from=valid_from, search_text=_search_text_of(row)) for row in rows
    )
    StandardLead.objects.bulk_create(
        StandardLead(standard=standard, level=level, department_kind_id=kinds[kind])
        for standard, row in zip(standards, rows, strict=True)
        for level, kind in row.leads
    )


def _search_text_of(row: Row | Standard) -> str:
    return search_text(
        code=row.code, minor_name=row.minor_name, major_name=row.major_name, condition=row.condition
    )


@cache
def _everyday_words() -> dict[str, str]:
    """What people call a class, by its code ("C0137"): the list's names are not what is said on the phone."""
    return {raw["class"]: raw["words"] for raw in read_csv(EVERYDAY_WORDS)}


def _refresh_search_texts(kept: list[Standard]):
    """Derived, so not a new version: those edited in the admin, or written before a word was added."""
    stale = []
    for standard in kept:
        text = _search_text_of(standard)
        if text != standard.search_text:
            standard.search_text = text
            stale.append(standard)
    Standard.objects.bulk_update(stale, ["search_text"], batch_size=200)


def _codes(standards: Iterable[Standard]) -> str:
    codes = sorted(standard.code for standard in standards)
    return ", ".join(codes[:5]) + (" …" if len(codes) > 5 else "")


# ---- reads


def search(query: str, *, day: date | None = None, limit: int = 20) -> list[Standard]:
    """Standards in force on `day` that fit what somebody types: Chinese words, pinyin, its initials, a code.

    Words in Latin letters must all occur ("ld", "ludeng", "c0137"). Chinese need not be the list's wording:
    pairs of neighbouring characters are counted (in the class's name and the condition twice), so that 路灯不亮
    finds 路灯夜间不亮. Best first; an empty query gives nothing. One query.
    """
    words = PARTICLES.sub("", query.lower()[:QUERY_SIZE]).split()
    han = [word for word in words if HAN.search(word)]
    if not words:
        return []
    found = Standard.objects.valid_on(day)
    for word in words:
        if word not in han:
            found = found.filter(search_text__contains=word)
    return _ranked(found, words, han, limit)


def _ranked(found: QuerySet[Standard], words: list[str], han: list[str], limit: int) -> list[Standard]:
    first = words[0]
    named = (f" {first} ", f"#{first}#")  # the whole class name, its pinyin, or what people call it
    rank = Case(
        When(code__iexact=first, then=0),
        When(Q(search_text__startswith=f"{first} ") | _contains_any("search_text", named), then=1),
        When(Q(minor_name__startswith=first) | Q(search_text__contains=f"#{first}"), then=2),
        When(Q(minor_name__contains=first) | Q(search_text__startswith=first), then=3),
        default=4,
        output_field=IntegerField(),
    )
    pairs = sorted({word[i : i + 2] for word in han for i in range(max(len(word) - 1, 1))})
    columns = ("search_text", "minor_name", "condition")
    hits = _count(Q(**{f"{column}__contains": pair}) for pair in pairs for column in columns)
    if han:
        found = found.annotate(hits=hits).filter(hits__gt=0)
    else:
        found = found.annotate(hits=Value(0))
    # Of equals the general class comes first: 路灯 before 路灯井盖.
    return list(found.annotate(rank=rank).order_by("rank", "-hits", Length("minor_name"), "code")[:limit])


def _contains_any(column: str, words: Iterable[str]) -> Q:
    return reduce(or_, (Q(**{f"{column}__contains": word}) for word in words))


def _count(conditions: Iterable[Q]):
    total = Value(0, output_field=IntegerField())
    for condition in conditions:
        total = total + Case(When(condition, then=1), default=0, output_field=IntegerField())
    return total
