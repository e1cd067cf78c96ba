"""The columns that a list of events can show, and which of them a person sees."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from events.models import DeskSetting


@dataclass(frozen=True)
class Column:
    """`order`: the order that a press on the head asks for, where the column can be sorted. `fixed`: always there."""

    name: str
    label: str
    order: str = ""
    fixed: bool = False


COLUMNS = (
    Column("clock", _("Time left"), "urgent", fixed=True),
    Column("what", _("What"), "kind", fixed=True),
    Column("number", _("Case number"), "number"),
    Column("status", _("Status"), "step"),
    Column("place", _("Place"), "place"),
    Column("who", _("Lies with"), "unit"),
    Column("lead", _("Lead unit"), "lead"),
    Column("source", _("Source"), "source"),
    Column("urgency", _("Urgency"), "grave"),
    Column("reported", _("Reported"), "newest"),
    Column("since", _("In this step since"), "waited"),
    Column("moves", _("Next step")),
)
BY_NAME = {column.name: column for column in COLUMNS}
USUAL = ("clock", "what", "status", "who", "reported", "moves")


def chosen(names) -> tuple[Column, ...]:
    """These columns in the order of the table, unknown names left out; the usual ones if none is left."""
    wanted = {name for name in names if name in BY_NAME and not BY_NAME[name].fixed}
    wanted = wanted or set(USUAL)
    return tuple(c for c in COLUMNS if c.fixed or c.name in wanted)


def of(user) -> tuple[Column, ...]:
    """What this person has chosen. One query."""
    found = DeskSetting.objects.filter(pk=user.pk).values_list("columns", flat=True).first()
    return chosen(found or ())


def as_text(columns) -> str:
    """As an address carries them."""
    return ",".join(c.name for c in columns if not c.fixed)
