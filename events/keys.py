"""The keyboard of the desk as one table: frontend/desk binds what it is given here, the help (?) lists it."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from events import worklists
from events.workflow import MOVES


@dataclass(frozen=True)
class Key:
    """`key`: as KeyboardEvent.key says it, "g l" for two in turn. `act`: what frontend/desk does; `on`: with what."""

    key: str
    label: str
    act: str
    on: str = ""

    @property
    def words(self) -> list[str]:
        return self.key.split()


MOVING = (
    Key("j", _("Next row"), "next"),
    Key("k", _("Previous row"), "previous"),
    Key("Enter", _("Open beside the list"), "open"),
    Key("o", _("Open as a page"), "page"),
    Key("Escape", _("Close, or give up the selection"), "close"),
    Key("x", _("Select the row"), "select"),
    Key("X", _("Select all rows of this page"), "all"),
    Key("/", _("Search in the list"), "search"),
    Key("n", _("Show what is new"), "fresh"),
    Key("N", _("Next page"), "forward"),
    Key("?", _("Show all keys"), "help"),
)
STEPS = (
    ("r", "register"), ("d", "dispatch"), ("s", "sign"), ("f", "feed_back"), ("v", "verify_pass"), ("b", "rework"),
    ("u", "supervise"), ("a", "answer"), ("t", "grant_time"), ("w", "whistle"), ("i", "report_in"), ("e", "escalate"),
)  # fmt: skip


def groups(shown) -> list[tuple[str, list[Key]]]:
    """(heading, keys) for somebody to whom these worklists are shown."""
    return [
        (_("In the list"), list(MOVING)),
        (_("Steps of the row, or of all selected ones"), [Key(k, MOVES[name].label, "step", name) for k, name in STEPS]),
        (_("Go to"), [*(Key(f"g {w.key}", w.label, "go", w.name) for w in shown), Key("g a", ALL, "go", "all")]),
    ]


ALL = worklists.ALL
