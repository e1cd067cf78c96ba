"""A person's own rights (个人信息保护法 arts. 44-47): what is held about me, on paper; deletion where the purpose ended.

Correction is `records.change`, with its history.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from core.errors import Conflict, NotFound, Refused
from grids.scope import Scope
from residents import schema
from residents.intake import traces
from residents.models import (
    Access,
    Building,
    CareRecord,
    Change,
    Erasure,
    Household,
    Resident,
    Stay,
    Tenancy,
)
from residents.models.trail import VIEW_ACCESS, Kind
from residents.selectors.changes import all_changes
from residents.services import access, leases, rights, support, trail

NOBODY = "（已删除）"  # in the place of a name
# What is left of a person: a row that figures of the past count by grid and status, and nothing that says who it was.
# Sex is the code for "not stated"; yes or no has no third value, so that it is the same for everybody.
EMPTY = {
    "name": NOBODY, "pinyin": "", "initials": "", "sex": "9", "birth_date": "", "birth_month": None, "id_kind": "",
    "id_number": "", "id_tag": "", "tail_tag": "", "phone": "", "phone_tag": "", "household": None, "relation": "",
    "dwelling": None, "population": "", "hukou_address": "", "hukou_here": True, "ethnicity": "", "education": "",
    "marriage": "", "political": "", "occupation": "", "inflow_reason": "", "inflow_from": "", "permit_expires": None,
    "ended_on": None,
}  # fmt: skip


@dataclass(frozen=True)
class Statement:
    """All that is held about one person, in clear: for the person's own eyes."""

    person: Resident
    rows: list[tuple[str, str]]
    stays: list[Stay]
    tenancies: list[Tenancy]
    care: list[CareRecord]
    files: list[support.File]
    changes: list[dict]
    accesses: list[Access]

    @property
    def registers(self) -> Iterator[dict]:
        """Care entries and statutory files in one form, for paper."""
        for entry in self.care:
            visits = [(one.day, one.user, one.words) for one in entry.visits.all()]
            own = schema.shown(entry.care_class.fields, entry.values)
            yield _told(entry, entry.get_attention_display(), own, visits)
        for file in self.files:
            yield _told(file, file.attention_words, file.shown, file.visited)


def _told(entry, attention, own, visits) -> dict:
    """`facts`: what every entry has, then the class's own fields, as (label, words); without what is empty."""
    known = entry.care_class
    facts = [
        (_("Attention"), str(attention)), (_("Responsible"), str(entry.responsible or "")),
        (_("visit interval (days)"), str(entry.visit_days)), (_("Next visit"), str(entry.next_visit or "")),
        (_("reason of the beginning"), entry.begin_reason), (_("reason of the end"), entry.end_reason),
    ]  # fmt: skip
    return {
        "name": known.label, "purpose": known.what_for, "legal_basis": known.basis, "since": entry.since,
        "until": entry.until, "facts": [*((label, words) for label, words in facts if words), *own], "visits": visits,
    }  # fmt: skip


@transaction.atomic
def statement(*, actor, resident, reason: str, address: str = "") -> Statement:
    """Everything held about somebody who asked for it; the printing is in the access log.

    Of registers whose class this clerk may not know, nothing is printed and nothing hints at them: the person asks
    the body that keeps that register. Raises NotFound, Refused, Invalid, TooMany.
    """
    found = _visible(actor, resident)
    if not Scope.of(actor).may_at(access.UNMASK, found.grid.path):
        raise Refused(_("Your post does not let you see private data here."))
    access.log_statement(actor=actor, resident=found, reason=reason, address=address)
    files = support.of_resident(actor=actor, resident=found)
    return Statement(
        person=found,
        rows=[*_rows(found), *_offices(found)],
        stays=list(found.stays.select_related("dwelling__building").order_by("since")),
        tenancies=list(found.tenancies.select_related("dwelling__building").order_by("since")),
        care=list(
            CareRecord.objects.visible_to(actor)
            .filter(resident=found)
            .select_related("care_class", "responsible")
            .prefetch_related("visits__user")
        ),
        files=files,
        changes=all_changes(found),
        accesses=list(looks_at(actor, found)),
    )


def looks_at(actor, resident, files=None):
    """Who looked at this person's record, newest first, statutory files only where this reader may know of them."""
    files = support.of_resident(actor=actor, resident=resident) if files is None else files
    own = Access.objects.filter(resident=resident)
    about = own | Access.objects.filter(kind=Kind.SUPPORT, record_id__in=[file.pk for file in files])
    return about.select_related("user").order_by("-pk")


def may_see_looks(actor, resident) -> bool:
    return Scope.of(actor).may_at(VIEW_ACCESS, resident.grid.path)


def _visible(actor, resident):
    rows = Resident.objects.visible_to(actor).select_related("grid", "dwelling__building", "household")
    found = rows.filter(pk=resident.pk).first()
    if found is None:
        raise NotFound
    return found


def _rows(person):
    """(label, value) of every column of a resident that says something about the person."""
    rows = []
    for field in person._meta.concrete_fields:
        if field.name in trail.UNTOLD or field.name == "archived_at":
            continue
        value = getattr(person, field.name)
        if value in (None, ""):
            continue
        shown = getattr(person, f"get_{field.name}_display", lambda value=value: value)()
        if isinstance(shown, bool):
            shown = _("Yes") if shown else _("No")
        rows.append((str(field.verbose_name), str(shown)))
    return rows


def _offices(person):
    """Of which buildings somebody is the head."""
    label = str(Building._meta.get_field("head").verbose_name)
    return [(label, row.address) for row in Building.objects.current().filter(head=person).defer("location").order_by("pk")]


# ---- deletion


@transaction.atomic
def erase(*, actor, resident, reason: str):
    """Erase the personal data of somebody who is dead or gone. Raises NotFound, Refused, Invalid, or Conflict while
    a service or a statute still needs them."""
    person = rights.locked(resident, actor)
    if not may_see_looks(actor, person):
        raise Refused(_("Only the head of a centre erases personal data."))
    if person.status == Resident.Status.LIVING:
        raise Conflict(_("This person lives here: the purpose has not ended. Record the departure first."))
    if Tenancy.objects.filter(tenant=person).not_over(timezone.localdate()).exists():
        raise Conflict(_("A tenancy of this person is still open."))
    return erase_now(person, actor=actor, reason=access.checked_reason(reason))


@transaction.atomic
def erase_now(person, *, actor, reason: str):
    """Personal data become empty, in history and registers too; an anonymous row and the erasure stay."""
    pks = [(pk, grid) for pk, grid in person.care.values_list("pk", "grid_id")]
    remove_care(pks, actor=actor, reason=reason)
    for file in support.of_anybody(person):
        support.remove(file, actor=actor, reason=reason)
        Access.objects.filter(kind=Kind.SUPPORT, record_id=file.pk).update(reason="")
    Household.objects.filter(head=person).update(head=None)
    Building.objects.filter(head=person).update(head=None)
    leases.end(Tenancy.objects.filter(tenant=person), timezone.localdate(), actor)
    Tenancy.objects.filter(tenant=person).update(tenant=None)
    Stay.objects.filter(resident=person).update(household=None, dwelling=None)
    Resident.objects.filter(pk=person.pk).update(**EMPTY)
    Erasure.objects.create(
        kind=Kind.RESIDENT, record_id=person.pk, grid_id=person.grid_id, user=actor, reason=reason
    )
    Change.objects.filter(kind=Kind.RESIDENT, record_id=person.pk).update(changes={}, sealed="")
    Change.objects.create(
        kind=Kind.RESIDENT, record_id=person.pk, grid_id=person.grid_id, user=actor, action="erased"
    )
    Access.objects.filter(resident=person).update(reason="")
    traces.remove(person.pk)
    person.refresh_from_db()
    return person


@transaction.atomic
def remove_care(found, *, actor, reason: str):
    """Delete entries of care registers, given as (id, grid id), and empty their history."""
    pks = [pk for pk, _grid in found]
    Erasure.objects.bulk_create(
        Erasure(kind=Kind.CARE, record_id=pk, grid_id=grid, user=actor, reason=reason) for pk, grid in found
    )
    Change.objects.filter(kind=Kind.CARE, record_id__in=pks).update(changes={}, sealed="")
    CareRecord.objects.filter(pk__in=pks).delete()
