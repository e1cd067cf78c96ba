"""What a kind of paper is: who may make it, of what, within which limits, and how its pages come about."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import NotFound, Refused
from grids.models import Grid
from grids.scope import Scope


@dataclass(frozen=True)
class Plan:
    """A paper that may be made: of which territory, called what, in how many parts. `subject` is what it is about."""

    grid: Grid
    title: str
    parts: int = 1
    subject: Any = None


@dataclass(frozen=True)
class Sheet:
    """One sheet of the workbook beside a paper."""

    name: str
    head: list[str]
    rows: list[list]


@dataclass
class Content:
    """The parts (HTML documents, made one by one), what `paper:` addresses in them stand for, tables for a workbook."""

    parts: Iterator[str]
    picture: Callable[[str], bytes] | None = None
    sheets: list[Sheet] = field(default_factory=list)


@dataclass(frozen=True)
class Order:
    """One paper being made: for whom, what, and when it was begun."""

    user: User
    plan: Plan
    options: dict
    now: datetime
    unmasked: bool = False

    def page(self, template: str, **context) -> str:
        """A part from a template. Expects nothing of a request: a job has none."""
        local = timezone.localtime(self.now)
        frame = {"plan": self.plan, "options": self.options, "now": local, "mark": self.mark()}
        return render_to_string(f"papers/print/{template}.html", frame | context)

    def mark(self) -> str:
        """Who had it made and when: on every page of what is not for the street."""
        facts = {
            "name": self.user.name or self.user.username, "login": self.user.username,
            "at": timezone.localtime(self.now).strftime("%Y-%m-%d %H:%M"),
        }  # fmt: skip
        words = _("Internal. Made by %(name)s (%(login)s) at %(at)s; not to be passed on.") % facts
        return mark_safe(re.sub(r"""[\\"'<>&\n\r]""", " ", words))


class Recipe:
    """One kind of paper. Rights are asked when it is ordered, made, and fetched: posts may have changed meanwhile."""

    kind = ""
    permission = ""
    most_pages = 200

    def permit(self, user, options: dict) -> Grid:
        """The territory, if this person may have this paper there. Raises NotFound, Refused. Asked again at download."""
        return self.grid(user, options.get("grid"))

    def plan(self, user, options: dict) -> Plan:
        """Raises NotFound for what is not theirs to see, Refused without the permission, Invalid beyond the limits."""
        raise NotImplementedError

    def content(self, order: Order) -> Content:
        raise NotImplementedError

    def may(self, user) -> bool:
        return Scope.of(user).may(self.permission)

    def grid(self, user, pk) -> Grid:
        """A grid in force where this person may make this kind."""
        found = Grid.objects.visible_to(user).valid_on().filter(pk=pk or 0).select_related("parent")
        grid = found.defer("boundary", "parent__boundary").first()
        if grid is None:
            raise NotFound
        if not Scope.of(user).may_at(self.permission, grid.path):
            raise Refused
        return grid
