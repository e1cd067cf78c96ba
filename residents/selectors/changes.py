"""The change history of one record in words: who, when, which field, from what to what."""

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from residents.models import (
    Building,
    Change,
    Dwelling,
    Household,
    KeyPlace,
    Organisation,
    Resident,
    Stay,
    Tenancy,
)

MODELS = {
    "building": Building,
    "dwelling": Dwelling,
    "household": Household,
    "resident": Resident,
    "organisation": Organisation,
    "place": KeyPlace,
}
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


def changes_of(user, kind: str, pk: int, cursor: int | None = None) -> tuple[list[dict], int | None]:
    """([{at, who, action, fields: [(label, before, after)]}], the cursor of older ones); newest first. One query, and
    one for the names of a dwelling's tenants."""
    rows = Change.objects.visible_to(user).filter(kind=kind, record_id=pk).select_related("user")
    if cursor is not None:
        rows = rows.filter(pk__lt=cursor)
    found = list(rows.order_by("-pk")[: MOST + 1])
    tenants = _tenants(user, found) if kind == "dwelling" else {}
    shown = [_line(kind, change, tenants) for change in found[:MOST]]
    return shown, found[MOST - 1].pk if len(found) > MOST else None


def _tenants(user, changes):
    """Names of the tenants that this reader may see."""
    told = {pair[1] for one in changes if (pair := one.changes.get("tenant_id"))}
    people = Resident.objects.visible_to(user).filter(pk__in=told)
    return dict(people.values_list("pk", "name")) if told else {}


def _line(kind, change, tenants):
    named = change.changes.get("tenant_id")
    if named and named[1] in tenants:
        change.changes["tenant_id"] = ["", tenants[named[1]]]
    return {
        "at": change.at, "who": str(change.user) if change.user else "", "action": ACTIONS.get(change.action, change.action),
        "batch": change.batch, "fields": fields_of(MODELS[kind], change),
    }  # fmt: skip


def fields_of(model, change) -> list[tuple]:
    """(label, before, after) of each field that the change names."""
    return [
        _field(model, name, *pair)
        for name, pair in change.changes.items()
        if isinstance(pair, list) and len(pair) == 2
    ]


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
