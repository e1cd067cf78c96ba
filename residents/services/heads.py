"""The head of a household (户主): who is next, and what the others then are to them (GB/T 4761)."""

from datetime import date

from django.utils import timezone

from residents import codes
from residents.models import Household, Resident
from residents.models.people import age_on
from residents.services import records, trail

SPOUSE, SON, DAUGHTER, PARENT, OTHER, UNRELATED = "10", "20", "30", "50", "97", "99"
GRANDCHILD, GRANDPARENT, SIBLING = "40", "60", "70"
ADULT = 18
# What somebody is to the spouse of the former head. A child is taken for the spouse's, too: a visit corrects it.
TO_SPOUSE = {SON: SON, DAUGHTER: DAUGHTER, "40": "40", PARENT: OTHER, "60": OTHER, "70": OTHER, OTHER: OTHER}

# What they are to another head: by what the head they had is to that one, then by what they were to the head they had.
# What is not here cannot be told.
THROUGH = {
    SPOUSE: TO_SPOUSE,
    SON: {SPOUSE: OTHER, SON: GRANDCHILD, DAUGHTER: GRANDCHILD, GRANDCHILD: OTHER, OTHER: OTHER},
    DAUGHTER: {SPOUSE: OTHER, SON: GRANDCHILD, DAUGHTER: GRANDCHILD, GRANDCHILD: OTHER, OTHER: OTHER},
    PARENT: {SPOUSE: PARENT, SON: SIBLING, DAUGHTER: SIBLING, PARENT: GRANDPARENT, SIBLING: OTHER},
    SIBLING: {SPOUSE: OTHER, SON: OTHER, DAUGHTER: OTHER, PARENT: PARENT, SIBLING: SIBLING},
}


def through(former: str, relation: str) -> str:
    """What somebody who is `relation` to a head is to another head, to whom that one is `former`; empty: unknown."""
    if UNRELATED in (former, relation):
        return UNRELATED if relation else ""
    if former in (OTHER, GRANDCHILD, GRANDPARENT):
        return OTHER if relation else ""
    return THROUGH.get(former, {}).get(relation, "")


def to_member(new, was: str, one, old: int | None) -> str:
    """What `one` of the household of the head `old` (id) is to the member `new`, who was `was` to that head."""
    if one.pk == old:
        return _former_to(was, one)
    head = Resident.objects.filter(pk=old).first()
    return through(_former_to(was, head), one.relation) if head else ""


def found(person, door, actor) -> Household:
    """A household of their own behind the door, with this person as its head."""
    made = records.add("household", actor=actor, dwelling=door)
    _write(person, {"household": made, "relation": codes.HEAD}, actor, "head")
    person.stays.filter(until=None).update(household=made)
    _put(made, person, actor)
    return made


def appoint(home, person, actor):
    """This member, whose relation says so already, is the head."""
    _put(home, person, actor)


def succeed(home, gone, was: str, day: date, actor):
    """After `gone` has left: the next head if it was the head, the end if nobody is left. A collective household
    has no succession."""
    left = list(Resident.objects.living().filter(household=home).select_for_update().order_by("pk"))
    if not left:
        close(home, day, actor)
    elif home.head_id == gone.pk or was == codes.HEAD:
        if home.kind == "collective":
            _put(home, None, actor)
        else:
            hand_over(home, next_of(left), actor, members=left)


def next_of(members) -> Resident:
    """The spouse, else the oldest adult, else the oldest."""
    today, latest = timezone.localdate(), date.max
    grown = [one for one in members if one.birth_month and age_on(one.birth_month, today) >= ADULT]
    among = [one for one in members if one.relation == SPOUSE] or grown or members
    return min(among, key=lambda one: (one.birth_month or latest, one.pk))


def hand_over(home, new, actor, members=None):
    """`new` becomes the head; what the others are to the new head is kept where it can be told, else left open."""
    if members is None:
        members = list(Resident.objects.living().filter(household=home).select_for_update().order_by("pk"))
    was, old = new.relation, home.head_id
    for one in members:
        if one.pk == new.pk:
            relation = codes.HEAD
        elif one.pk == old:
            relation = _former_to(was, one)
        else:
            relation = _relation_to(was, one.relation)
        _write(one, {"relation": relation}, actor, "head")
    _put(home, new, actor)


def close(home, day: date, actor, action="ended"):
    """A household without members ends."""
    before = trail.snapshot(home)
    home.head, home.ended_on = None, day
    records._write(home)
    trail.note(home, before=before, user=actor, action=action)


def _relation_to(was, relation):
    if relation == UNRELATED:
        return UNRELATED
    return TO_SPOUSE.get(relation, "") if was == SPOUSE else ""


def _former_to(was, former):
    """What the former head is to somebody who was `was` to them."""
    if was == PARENT:
        return {"1": SON, "2": DAUGHTER}.get(former.sex, "")
    return {
        SPOUSE: SPOUSE,
        SON: PARENT,
        DAUGHTER: PARENT,
        "70": "70",
        OTHER: OTHER,
        UNRELATED: UNRELATED,
    }.get(was, "")


def _put(home, person, actor):
    before = trail.snapshot(home)
    home.head = person
    records._write(home)
    trail.note(home, before=before, user=actor, action="head")


def _write(person, values, actor, action):
    before = trail.snapshot(person)
    for name, value in values.items():
        setattr(person, name, value)
    if trail.differences(before, trail.snapshot(person)):
        records._write(person)
        trail.note(person, before=before, user=actor, action=action)
