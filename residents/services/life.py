"""What happens to people (人口变动): each a dated step with its history, or nothing at all.

Stays say who lived where from when until when (`until` is the first day they no longer did). Locks are taken
households first, then people, each in the order of their ids.
"""

from django.db import transaction
from django.utils.translation import gettext as _

from core.errors import Conflict, Invalid
from residents import checks, codes
from residents.models import Household, Resident, Stay
from residents.services import aftermath, corrections, heads, records, rights, stays, tenancies, trail

Began, Ended = Stay.Began, Stay.Ended
BORN_AS = ("20", "30", "40", "97", "99")  # child, grandchild, other relative or none of the head (GB/T 4761)


# ---- coming


@transaction.atomic
def record_birth(
    *, actor, household, on, name: str, sex: str, relation: str, key=None, another: bool = False, **values
) -> Resident:
    """A child born into a household, living where it lives. The ID number may come later (`records.change`). Sent
    again with its `key` it is the same child; `another`: there is one of this name and day already."""
    home = rights.locked(household, actor)
    if done := trail.repeated(actor, key, Resident, {"born"}):
        return done
    day = rights.a_day(on)
    _in_force(home)
    if relation not in BORN_AS:
        words = _("expected what a child can be to the head: child, grandchild, other relative, not related.")
        raise Invalid(fields={"relation": [words]})
    if not another:
        _only_one(home, name, day)
    values = {"id_kind": "113", "birth_date": day.isoformat()} | values
    made = _person(actor, home, name=name, sex=sex, relation=relation, **values)
    stays.begin(made, day, Began.BORN)
    trail.note(made, before={}, user=actor, action="born", key=key)
    return made


def _only_one(home, name, day):
    twins = Resident.objects.filter(household=home, birth_month=day.replace(day=1), name=checks.plain(name))
    if any(one.birth_date == day.isoformat() for one in twins):
        words = _("A child of this name, born on this day, is in this household already. Is it another one?")
        raise Invalid(fields={"another": [words]})


@transaction.atomic
def move_in(*, actor, on, dwelling=None, household=None, resident=None, key=None, **values) -> Resident:
    """Somebody comes to live here, into `household` or into one of their own behind the door `dwelling`.

    `resident`: a departed person who comes back. Without it, an ID number that belongs to somebody departed brings
    that record back, if the name is the same: who moves from one grid to another is one record, not two. Sent again
    with its `key` it is the same person.
    """
    day = rights.a_day(on)
    home, door = _where_to(actor, household, dwelling)
    if done := trail.repeated(actor, key, Resident, {"moved_in", "came_back"}):
        return done
    person = _returning(actor, resident, values)
    if person is None:
        person = _person(actor, home, door=door, **values)
        before, action = {}, "moved_in"
    else:
        before, action = trail.snapshot(person), "came_back"
        _come_back(person, home, door, day, values)
    stays.begin(person, day, Began.MOVED_IN)
    trail.note(person, before=before, user=actor, action=action, key=key)
    if before and before["grid_id"] != person.grid_id:
        aftermath.after_move(person, before["grid_id"], actor)
    if home is None:
        heads.found(person, door, actor)
    elif person.relation == codes.HEAD:
        heads.appoint(home, person, actor)
    return person


# ---- going


@transaction.atomic
def record_death(*, actor, resident, on, reason: str = "") -> Resident:
    """The person died on this day: the stay, tenancies and care end, a household gets its next head."""
    return _leave(actor, resident, on, Resident.Status.DEAD, Ended.DIED, "died", reason or _("died"))


@transaction.atomic
def move_out(*, actor, resident, on, reason: str = "") -> Resident:
    """The person left the county on this day; the record stays, departed, until it is archived."""
    return _leave(
        actor, resident, on, Resident.Status.DEPARTED, Ended.MOVED_OUT, "moved_out", reason or _("moved away")
    )


def _leave(actor, resident, on, status, ended, action, reason):
    home = _lock_home(resident, actor)
    person = rights.locked(resident, actor)
    _still_in(person, home)
    if person.status == status:
        return _told_before(person, on)
    _must_live(person)
    day = stays.day_for(person, on)
    before = trail.snapshot(person)
    stays.close(person, day, ended)
    person.status, person.ended_on = status, day
    person.household, person.dwelling = None, None
    records._write(person)
    trail.note(person, before=before, user=actor, action=action, reason=checks.plain(reason)[:200])
    aftermath.after_departure(person, day, reason, actor)
    if home is not None:
        heads.succeed(home, person, before["relation"], day, actor)
    return person


def _told_before(person, on):
    if rights.a_day(on) == person.ended_on:
        return person
    words = _("This is recorded already, on %(day)s. To correct the day take it back first, then record it anew.")
    raise Invalid(fields={"on": [words % {"day": person.ended_on}]})


# ---- within the county


@transaction.atomic
def move_within(
    *, actor, on, dwelling=None, resident=None, household=None, into=None, relation: str = "", hukou: bool = False
):
    """One `resident` moves behind another door: `into` a household there or into one of their own; or a whole
    `household` moves. `hukou`: whether it moves with them; if not, they live elsewhere than registered from now on.
    Returns the person or the household."""
    if (resident is None) == (household is None):
        raise Invalid(_("Either one person moves or a household."))
    if household is not None:
        return _move_household(actor, household, dwelling, on, hukou)
    return _move_person(actor, resident, dwelling, into, relation, on, hukou)


def _move_person(actor, resident, dwelling, into, relation, on, hukou):
    into = None if into is None else rights.seen_one(Household, into, actor, "into")
    homes = _lock_homes(actor, resident.household_id, into and into.pk)
    person = rights.locked(resident, actor)
    _must_live(person)
    _still_in(person, homes.get(person.household_id))
    target = into and homes.get(into.pk)
    if into is not None and target is None:
        raise Invalid(fields={"into": [_("There is no such record, or it is not yours to see.")]})
    target, door = _where_to(actor, target, dwelling)
    if target is not None and target.pk == person.household_id:
        raise Invalid(fields={"into": [_("This person is in this household already.")]})
    if target is None and door.pk == person.dwelling_id:
        raise Invalid(fields={"dwelling": [_("This person lives here already.")]})
    rights.must_edit(actor, door.grid.path, Resident)
    left, was = homes.get(person.household_id), person.relation
    day = stays.day_for(person, on)
    _carry(person, target, door, relation, day, Ended.WITHIN, Began.WITHIN, "moved", actor, hukou)
    if target is None:
        heads.found(person, door, actor)
    elif relation == codes.HEAD:
        heads.appoint(target, person, actor)
    if left is not None:
        heads.succeed(left, person, was, day, actor)
    return person


def _move_household(actor, household, dwelling, on, hukou):
    home = rights.locked(household, actor)
    _in_force(home)
    door = rights.a_door(actor, dwelling)
    if door.pk == home.dwelling_id:
        raise Invalid(fields={"dwelling": [_("This household lives here already.")]})
    rights.must_edit(actor, door.grid.path, Household)
    members = _members(home, actor)
    day = max([stays.day_for(person, on) for person in members] or [rights.a_day(on)])
    before = trail.snapshot(home)
    home.dwelling, home.grid = door, door.grid
    records._write(home)
    trail.note(home, before=before, user=actor, action="moved")
    for person in members:
        _carry(person, home, door, person.relation, day, Ended.WITHIN, Began.WITHIN, "moved", actor, hukou)
    return home


def _carry(person, home, door, relation, day, ended, began, action, actor, hukou):
    """A person behind another door or in another household, with the stay and the history of it."""
    before, left = trail.snapshot(person), person.grid_id
    stays.close(person, day, ended)
    if person.dwelling_id not in (None, door.pk):
        _move_hukou(person, door, hukou)
    person.household, person.dwelling, person.grid, person.relation = home, door, door.grid, relation
    if relation not in ("", *codes.RELATION):
        raise Invalid(fields={"relation": [_("expected a code of GB/T 4761.")]})
    records._write(person)
    stays.begin(person, day, began)
    trail.note(person, before=before, user=actor, action=action)
    if left != person.grid_id:
        aftermath.after_move(person, left, actor)


def _move_hukou(person, door, follows):
    """Registered behind the new door, or still where they lived so far."""
    if follows:
        person.population, person.hukou_here, person.hukou_address = checks.LOCAL, True, door.full[:160]
    elif person.hukou_here:
        person.hukou_here = False
        person.hukou_address = person.hukou_address or person.dwelling.full[:160]


# ---- households


@transaction.atomic
def split_household(
    *, actor, household, members, head, on, dwelling=None, number: str = "", relations=None, hukou: bool = False
):
    """`members` (ids) of a household form one of their own under `head`, behind the same door or another one.
    `relations`: {id: relation to the new head}, of the others what can be told from what they were; `hukou` as in
    `move_within`. Returns the new household."""
    home = rights.locked(household, actor)
    _in_force(home)
    everybody = {person.pk: person for person in _members(home, actor)}
    members = {rights.pk_of(one) for one in (members if isinstance(members, list | tuple | set) else [])}
    leaving = [everybody[pk] for pk in sorted(everybody) if pk in members]
    first = everybody.get(rights.pk_of(head))
    if len(leaving) != len(members) or not leaving:
        raise Invalid(fields={"members": [_("expected members of this household.")]})
    if len(leaving) == len(everybody):
        raise Invalid(fields={"members": [_("somebody must stay: a whole household moves.")]})
    if first not in leaving:
        raise Invalid(fields={"head": [_("expected one of those who leave.")]})
    door = rights.a_door(actor, dwelling) if dwelling else _door_of(home, actor, "dwelling")
    rights.must_edit(actor, door.grid.path, Household)
    day = max(stays.day_for(person, on) for person in leaving)
    made = records.add("household", actor=actor, dwelling=door, number=number, kind=home.kind)
    was = {person.pk: person.relation for person in leaving}
    likely = {one.pk: heads.to_member(first, was[first.pk], one, home.head_id) for one in leaving}
    for person in leaving:
        said = (relations or {}).get(person.pk)
        relation = codes.HEAD if person is first else said or likely[person.pk]
        _carry(person, made, door, relation, day, Ended.SPLIT, Began.SPLIT, "split", actor, hukou)
    heads.appoint(made, first, actor)
    for person in leaving:
        heads.succeed(home, person, was[person.pk], day, actor)
    return made


@transaction.atomic
def merge_households(*, actor, source, target, on, relations=None, hukou: bool = False) -> Household:
    """All of `source` join `target` behind its door; `source` ends. `relations`: {id: relation to target's head}, of
    the others what follows from that of the former head; `hukou` as in `move_within`."""
    homes = _lock_homes(actor, source.pk, target.pk)
    if len(homes) != 2:
        raise Invalid(fields={"target": [_("expected another household, yours to see.")]})
    left, home = homes[source.pk], homes[target.pk]
    _in_force(left)
    _in_force(home)
    members = _members(left, actor)
    door = _door_of(home, actor, "target")
    day = max([stays.day_for(person, on) for person in members] or [rights.a_day(on)])
    said = relations or {}
    for person in members:
        relation = said.get(person.pk) or heads.through(said.get(left.head_id, ""), person.relation)
        if relation == codes.HEAD and home.head_id:
            raise Invalid(fields={"relations": [_("this household has a head already.")]})
        _carry(person, home, door, relation, day, Ended.MERGED, Began.MERGED, "merged", actor, hukou)
    heads.close(left, day, actor, action="merged")
    return home


@transaction.atomic
def set_head(*, actor, household, resident) -> Household:
    """Another member becomes the head; the relations of the others begin anew where they cannot be told."""
    home = rights.locked(household, actor)
    _in_force(home)
    person = next((one for one in _members(home, actor) if one.pk == resident.pk), None)
    if person is None:
        raise Invalid(fields={"head": [_("the head must be a member of the household.")]})
    if home.head_id != person.pk:
        heads.hand_over(home, person, actor)
    return home


# ---- registration


@transaction.atomic
def set_registration(*, actor, resident, hukou_address: str, hukou_here: bool, population: str) -> Resident:
    """Where the person is registered (户籍地), and whether they live there (人户一致)."""
    values = {"hukou_address": hukou_address, "hukou_here": hukou_here, "population": population}
    return records.change(resident, actor=actor, **values)


# ---- corrections, tenancies; reads of the same history

take_back = corrections.take_back
correct_day = corrections.correct_day

begin_tenancy = tenancies.begin_tenancy
end_tenancy = tenancies.end_tenancy
who_lived_here = stays.who_lived_here
lived_at = stays.lived_at


# ---- who is meant


def _person(actor, home, *, door=None, **values):
    """A new, checked and stored Resident without a stay."""
    known = records.EDITABLE["resident"]
    if unknown := sorted(set(values) - known):
        raise Invalid(fields={name: [_("This field is not changed here.")] for name in unknown})
    person = Resident(**records.registered(values), household=home, dwelling=home.dwelling if home else door)
    person.grid = (person.dwelling or home).grid
    rights.must_edit(actor, person.grid.path, Resident, "add")
    records._store(person, actor)
    return person


def _returning(actor, resident, values):
    """The departed record that comes back, locked; None for somebody new."""
    if resident is not None:
        person = rights.locked(resident, actor)
        if person.status != Resident.Status.DEPARTED:
            raise Invalid(fields={"resident": [_("expected somebody who has departed.")]})
        return person
    number = values.get("id_number")
    if not number:
        return None
    tags = records.id_tags_of(values.get("id_kind", codes.ID_CARD), number)
    gone = Resident.objects.select_for_update(of=("self",)).filter(
        id_tag__in=tags, status=Resident.Status.DEPARTED, name=checks.plain(values.get("name", ""))
    )
    return gone.first()


def _come_back(person, home, door, day, values):
    for name in values:
        if name not in records.EDITABLE["resident"]:
            raise Invalid(fields={name: [_("This field is not changed here.")]})
    stays.day_for(person, day)
    person.relation = ""
    for name, value in records.registered(values).items():
        setattr(person, name, value)
    person.status, person.ended_on, person.archived_at = Resident.Status.LIVING, None, None
    person.household, person.dwelling = home, door
    person.grid = door.grid
    if found := checks.faults(person) | records._against_others(person):
        raise Invalid(fields=found)
    records._write(person)


def _lock_home(resident, actor):
    pk = Resident.objects.filter(pk=resident.pk).values_list("household_id", flat=True).first()
    return _lock_homes(actor, pk).get(pk)


def _lock_homes(actor, *pks) -> dict[int, Household]:
    wanted = [pk for pk in pks if pk]
    return {home.pk: home for home in rights.locked_many(Household, wanted, actor)} if wanted else {}


def _members(home, actor):
    pks = Resident.objects.living().filter(household=home).values_list("pk", flat=True)
    return rights.locked_many(Resident, pks, actor)


def _where_to(actor, household, dwelling):
    """(household or None, door): a household says its door itself. Raises Invalid if neither is given."""
    if household is not None:
        home = rights.locked(household, actor) if isinstance(household, Household) else None
        if home is None or home.ended_on is not None:
            raise Invalid(fields={"household": [_("There is no such record, or it is not yours to see.")]})
        return home, _door_of(home, actor, "household")
    return None, rights.a_door(actor, dwelling)


def _door_of(home, actor, name):
    """The door of a household. Raises Invalid at `name`, in words that say what to do, if it has none."""
    if home.dwelling_id is None:
        words = _("This household has no dwelling yet. Record where it lives first (More → Move), then come back.")
        raise Invalid(fields={name: [words]})
    return rights.a_door(actor, home.dwelling)


def _must_live(person):
    if person.status != Resident.Status.LIVING:
        raise Invalid(fields={"resident": [_("This person does not live here any more.")]})


def _still_in(person, home):
    """Between looking and locking somebody else may have moved the person."""
    if person.household_id != (home.pk if home else None):
        raise Conflict


def _in_force(home):
    if home.ended_on is not None:
        raise Invalid(fields={"household": [_("This household has ended.")]})
