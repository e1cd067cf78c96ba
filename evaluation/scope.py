"""Who sees which scorecards: those of their territory for whoever looks over others' work, else one's own."""

from functools import reduce
from operator import or_

from django.db.models import Q

from accounts.roles import DEPARTMENT, WORKER_ROLES
from grids.scope import NOTHING, Scope

SEE = "evaluation.view_scorecard"


def _seats(user):
    return [seat for seat in Scope.of(user).seats if seat.may(SEE)]


def may_see(user) -> bool:
    return bool(_seats(user))


def may_oversee(user) -> bool:
    """Somebody who sees others' cards, drafts included: centres, leaders, grid leaders, administrators."""
    return bool(_overseen(user))


def _overseen(user) -> set[str]:
    """Paths below which this person sees the cards. Workers and department staff have none."""
    return {
        seat.path
        for seat in _seats(user)
        if seat.role.place != DEPARTMENT and seat.role.code not in WORKER_ROLES
    }


def cards_q(user) -> Q:
    """Cards below the person's territory; of published periods also their own and their department's."""
    seats = _seats(user)
    if not seats:
        return NOTHING
    below = reduce(or_, (Q(path__startswith=path) for path in sorted(_overseen(user))), NOTHING)
    units = {seat.unit_id for seat in seats if seat.role.place == DEPARTMENT}
    own = Q(user_id=user.pk)
    if units:
        own |= Q(unit_id__in=units)
    return below | (own & Q(period__status="published"))
