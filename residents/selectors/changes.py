"""The change history of one record in words: who, when, which field, from what to what."""

import json
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from accounts.models import User
from core import ciphers
from residents import schema
from residents.models import (
    Building,
    CareRecord,
    Change,
    Dwelling,
    Household,
    KeyPlace,
    Organisation,
    Resident,
    Stay,
    Tenancy,
)
from residents.models.trail import Kind

MODELS = {
    "building": Building,
    "dwelling": Dwelling,
    "household": Household,
    "resident": Resident,
    "organisation": Organisation,
    "place": KeyPlace,
    "care": CareRecord,
}
# Of an entry of a register: whose and in which class it is stands above its history, its own fields are told apart.
HEADED = {"resident_id", "care_class_id", "code", "own"}
ACTIONS = {
    "created": gettext_lazy("added"),
    "changed": gettext_lazy("changed"),
    "confirmed": gettext_lazy("confirmed on site"),
    "ended": gettext_lazy("ended"),
    "born": gettext_lazy("born"),
    "died": gettext_lazy("died"),
    "moved_in": gettext_lazy("moved in"),
    "came_back": gettext_lazy("came back"),
    "moved_out": gettext_lazy("moved out"),
    "moved": gettext_lazy("moved within the county"),
    "taken_back": gettext_lazy("death or departure taken back"),
    "day_corrected": gettext_lazy("day of a stay corrected"),
    "split": gettext_lazy("household split"),
    "merged": gettext_lazy("households merged"),
    "head": gettext_lazy("another head of the household"),
    "imported": gettext_lazy("imported"),
    "import_changed": gettext_lazy("changed by an import"),
    "import_restored": gettext_lazy("import undone: as it was before"),
    "import_undone": gettext_lazy("import undone: taken out again"),
    "moved_away": gettext_lazy("moved out of this grid"),
    "archived": pgettext_lazy("history", "archived"),
    "erased": gettext_lazy("personal data erased"),
    "let": gettext_lazy("let"),
    "tenancy_ended": gettext_lazy("tenancy ended"),
    "begun": gettext_lazy("begun"),
    "visited": gettext_lazy("visited"),
}
# A dwelling's history tells of its tenancies, a person's of the stays.
TOLD_WITH = {Dwelling: Tenancy, Resident: Stay}
MOST = 50


def changes_of(user, record, kind: str, cursor: int | None = None) -> tuple[list[dict], int | None]:
    """([{at, who, action, fields: [(label, before, after)]}], the cursor of older ones); newest first. One query; of an
    entry of a register one more for the workers' names, of a dwelling one for those of its tenants."""
    rows = Change.objects.visible_to(user).filter(kind=kind, record_id=record.pk).select_related("user")
    if cursor is not None:
        rows = rows.filter(pk__lt=cursor)
    found = list(rows.order_by("-pk")[: MOST + 1])
    model, own = MODELS[kind], record.care_class.fields if kind == "care" else ()
    names = workers_in(change.changes for change in found[:MOST])
    if kind == "dwelling":
        _name_tenants(user, found)
    shown = [
        _line(change.at, change.user, change.action, fields_of(model, change, names, own), change.batch)
        for change in found[:MOST]
    ]
    return shown, found[MOST - 1].pk if len(found) > MOST else None


def all_changes(person) -> list[dict]:
    """All of a person's record, wherever it lay, for the person's own statement. Two queries."""
    rows = Change.objects.filter(kind=Kind.RESIDENT, record_id=person.pk).select_related("user").order_by("-pk")
    return [_line(row.at, row.user, row.action, fields_of(Resident, row, {}), row.batch) for row in rows]


def changes_in(file, history) -> list[dict]:
    """The same of an opened statutory file, whose history (support.history) is sealed and read there."""
    names = workers_in(row["changes"] for row in history)
    return [_line(row["at"], row["user"], row["action"], _of_file(file, row["changes"], names)) for row in history]


def _name_tenants(user, changes):
    """Puts the names of the tenants that this reader may see in the place of their numbers."""
    told = {pair[1] for one in changes if (pair := one.changes.get("tenant_id"))}
    people = Resident.objects.visible_to(user).filter(pk__in=told)
    names = dict(people.values_list("pk", "name")) if told else {}
    for one in changes:
        pair = one.changes.get("tenant_id")
        if pair and pair[1] in names:
            one.changes["tenant_id"] = ["", names[pair[1]]]


def _line(at, user, action, fields, batch=None):
    return {
        "at": at, "who": str(user) if user else "", "action": ACTIONS.get(action, action), "batch": batch, "fields": fields,
    }  # fmt: skip


def fields_of(model, change, names, own=()) -> list[tuple]:
    """(label, before, after) of each field that the change names, with `names` of `workers_in`; of an entry of a
    register also the class's own fields (`own`, their definition)."""
    told = _told(model, change.changes, names)
    if not (own and change.sealed):
        return told
    return told + schema.differences(own, json.loads(ciphers.decrypt(change.sealed)))


def _of_file(file, changes, names) -> list[tuple]:
    """A file has the columns of an entry; its own fields stand in one value, before and after."""
    before, after = (own or {} for own in changes.get("own", ({}, {})))
    own = {
        name: [before.get(name, ""), after.get(name, "")]
        for name in {*before, *after}
        if before.get(name, "") != after.get(name, "")
    }
    return _told(CareRecord, changes, names) + schema.differences(file.care_class.fields, own)


def workers_in(changes) -> dict[int, str]:
    """{id: name} of those whom these changes name as responsible. One query, none if there is nobody."""
    named = {pk for one in changes for pk in one.get("responsible_id") or () if isinstance(pk, int)}
    return {user.pk: str(user) for user in User.objects.filter(pk__in=named)} if named else {}


def _told(model, changes, names):
    headed = HEADED if model is CareRecord else ()
    told = []
    for name, pair in changes.items():
        if isinstance(pair, list) and len(pair) == 2 and name not in headed:
            label, *words = _field(model, name, *pair)
            if name == "responsible_id":
                words = [names.get(pk, "—") for pk in pair]
            told.append((label, *words))
    return told


def _field(model, name, before, after):
    known = [*model._meta.concrete_fields, *(TOLD_WITH[model]._meta.concrete_fields if model in TOLD_WITH else ())]
    field = next((one for one in known if name in (one.attname, one.name)), None)
    if field is None:
        return (_("reason") if name == "reason" else name, before, after)
    return (field.verbose_name, _words(field, before), _words(field, after))


def _words(field, value):
    if value in (None, "", []):
        return "—"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if field.choices:
        return next((label for code, label in field.flatchoices if str(code) == str(value)), value)
    if field.is_relation:
        return f"#{value}" if isinstance(value, int) else value
    if isinstance(value, list):
        return "、".join(map(str, value))
    if field.get_internal_type() == "DateTimeField":
        return datetime.fromisoformat(value).strftime("%Y-%m-%d %H:%M")
    return value
