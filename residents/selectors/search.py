"""The one search box: what the words may mean (words.read), looked up where this person may read the registry.

Each meaning is one query that an index answers, with a limit, and shows its rows in the order of that index, which
puts the exact word before longer ones; the person's own grids stand first. Private values are masked.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from django.db import connection
from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.functions import Length
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from core import ciphers
from core.sql import OneOf
from grids import names as grid_names
from grids.models import Grid
from grids.scope import Scope
from residents.models import Building, Dwelling, Household, KeyPlace, Organisation, Resident
from residents.models.base import VIEW
from residents.selectors.near import (
    ByIndex,
    begins,
    first_of_grids,
    grids_of,
    in_order,
    inside,
    is_narrow,
    is_whole,
    narrowed,
    own_grids,
)
from residents.selectors.words import Address, Asked, read

MOST = 20  # of each kind
FEWEST_SIGNS = 4  # fewer stand in their order in too many names
MOST_NAMED = 200  # grids whose name fits, former ones among them
MOST_LOOSE = 200  # names with the signs somewhere in them that are put in order: common words are in nearly all


@dataclass(frozen=True)
class Hit:
    """One line of the answer. `kind` is also the name of its page's address."""

    kind: str
    pk: int
    title: str
    place: str = ""
    facts: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()  # (words, tone)
    grid: str = ""
    own: bool = False


@dataclass
class Group:
    kind: str
    label: str
    hits: list[Hit] = field(default_factory=list)
    more: bool = False


@dataclass(frozen=True)
class Found:
    """`asked` is false where nothing was typed."""

    asked: Asked
    groups: list[Group]

    @property
    def count(self) -> int:
        return sum(len(group.hits) for group in self.groups)

    @property
    def mixed(self) -> bool:
        """Whether hits of the person's own grids stand among others: only then is it worth saying."""
        return len({hit.own for group in self.groups for hit in group.hits}) == 2


class Search:
    """One search of one person."""

    def __init__(self, user):
        self.user = user
        self.names = grid_names.current()
        self.grids = grids_of(user, self.names)
        self.own = own_grids(user)
        self.narrow = is_narrow(self.grids, self.names)
        self.whole = is_whole(user, self.names)
        # Hits of the kinds before: words that are a person's need not be looked for inside other names.
        self.found = 0

    def rows(self, model) -> QuerySet:
        # Of somebody who reads everywhere a list of all grids tells the planner nothing, and takes it a millisecond.
        return narrowed(model.objects.all(), self.user, None if self.whole else self.grids)

    def grid_name(self, pk) -> str:
        return self.names.grids.get(pk, {}).get("name", "")

    def sees(self, grid_id) -> bool:
        """Whether records of this grid are this person's to read: a household's head may be registered elsewhere."""
        return Scope.of(self.user).may_at(VIEW, self.names.paths.get(grid_id, ""))


def search(user, typed: str | None) -> Found:
    """Everything the words can mean, in groups; empty for somebody who may not read the registry. At most 8 queries."""
    asked = read(typed)
    if not asked or not Scope.of(user).may(VIEW):
        return Found(asked, [])
    here = Search(user)
    groups = [_group(here, asked, *finder) for finder in FINDERS]
    return Found(asked, [group for group in groups if group.hits])


def _group(here, asked, kind, label, find):
    hits = sorted(find(here, asked), key=lambda hit: not hit.own)  # stable: the index' order stays within
    here.found += len(hits)
    return Group(kind, str(label), hits[:MOST], len(hits) > MOST)


# -- people


def _people(here, asked) -> Iterator[Hit]:
    seen: set[int] = set()
    for rows in _people_queries(here, asked):
        for person in rows:
            if person.pk not in seen:
                seen.add(person.pk)
                yield _person(here, person)
        if len(seen) > MOST:
            return


def _people_queries(here, asked) -> Iterator[QuerySet]:
    people = here.rows(Resident).filter(archived_at=None)
    if asked.id_number:
        yield _read(people.filter(id_tag__in=ciphers.tags("id", asked.id_number)).exclude(id_tag=""))
    if asked.phone:
        tagged = people.filter(phone_tag__in=ciphers.tags("phone", asked.phone)).exclude(phone_tag="")
        yield _read(tagged)
    if asked.tail:
        yield _read(_tailed(people, asked))
    elif asked.name:
        yield from _begun(here, people, "name", asked.name)
    elif asked.letters:
        yield from _begun(here, people, "initials", asked.letters)
        yield from _begun(here, people, "pinyin", asked.letters)


def _tailed(people, asked):
    """By the last four of the ID number, and the beginning of the name if it was said."""
    tagged = people.filter(tail_tag__in=ciphers.tags("tail", asked.tail)).exclude(tail_tag="")
    if not asked.name:
        return tagged
    spoken = "name" if not asked.name.isascii() else "pinyin"
    letters = asked.name.lower() if asked.name.isascii() else asked.name
    by = begins(spoken, letters)
    return tagged.filter(by | begins("initials", letters) if spoken == "pinyin" else by)


def _begun(here, people, column, text) -> Iterator[QuerySet]:
    """Those of the person's own grids first, if they see more than these."""
    order = ByIndex(F(column))
    if here.grids is not None and not here.whole and (here.narrow or connection.vendor == "postgresql"):
        yield _dressed(first_of_grids(people, here.grids, column, text, MOST + 1), order)
        return
    # Without the list of grids, and without any where nobody is left out: the planner would expect too few of them
    # and sort all that begin like this, instead of walking the index until it has enough.
    land = Resident.objects.all() if here.whole else Resident.objects.visible_to(here.user)
    land = land.filter(archived_at=None)
    few = land.filter(begins(column, text)).order_by(order)[: MOST + 1]
    if not here.own:
        yield _dressed(few, order).visible_to(here.user)
        return
    own = first_of_grids(land, sorted(here.own), column, text, MOST + 1)
    both = Q(OneOf(own.values("pk"))) | Q(OneOf(few.values("pk")))
    yield _wearing(Resident.objects.filter(both), order).visible_to(here.user)


PERSON = (
    "name", "sex", "birth_month", "id_number", "phone", "population", "status", "grid_id", "dwelling__unit",
    "dwelling__door", "dwelling__building__address",
)  # fmt: skip


def _read(people: QuerySet) -> QuerySet:
    """Found first, in the order of the index alone: an order by id with a limit would tempt the planner into walking
    the whole table in that order."""
    return _dressed(people[: MOST + 1])


def _dressed(few: QuerySet, *order) -> QuerySet:
    """Joins and ids are for the few that are shown."""
    return _wearing(Resident.objects.filter(pk__in=few.values("pk")), *order)


def _wearing(rows, *order) -> QuerySet:
    return rows.select_related("dwelling__building").only(*PERSON).order_by(*order, "pk")


def _person(here, person):
    facts = [person.get_sex_display()] if person.sex in "12" else []
    if person.age is not None:
        facts.append(_("age %(age)s") % {"age": person.age})
    facts += [value for value in (person.masked_id_number, person.masked_phone) if value]
    return Hit(
        "resident", person.pk, person.name, _address_of(person.dwelling), tuple(facts), _person_tags(person),
        here.grid_name(person.grid_id), person.grid_id in here.own,
    )  # fmt: skip


def _person_tags(person):
    if person.status != Resident.Status.LIVING:
        return ((person.get_status_display(), "paused"),)
    return ((person.get_population_display(), "yellow" if person.population == "floating" else ""),)


def _address_of(dwelling) -> str:
    return f"{dwelling.building.address} {dwelling.short}" if dwelling else ""


# -- doors and buildings


def _dwellings(here, asked) -> Iterator[Hit]:
    address = asked.address
    if address is not None and address.unit and not address.door:
        yield from _of_unit(here, asked)
    if address is None or not address.door:
        return
    behind = here.rows(Dwelling).current().filter(door=address.door)
    yield from _doors(here, behind.filter(_at(address)))
    if not here.found and address.estate:
        # A building whose address is one text, or is written in another way.
        said = begins("building__address", address.house)
        yield from _doors(here, behind.filter(said, unit__in=address.units if address.unit else [""]))


def _of_unit(here, asked) -> Iterator[Hit]:
    """The doors of 阳光花园3栋2单元; without an estate they are too many to be meant."""
    if asked.address.estate or here.narrow:
        buildings = here.rows(Building).current().filter(_named(asked))
        within = OneOf(buildings.values("pk"), "building_id")
        yield from _doors(here, here.rows(Dwelling).current().filter(within, unit__in=asked.address.units))


def _doors(here, found) -> Iterator[Hit]:
    found = found[: MOST + 1]
    rows = Dwelling.objects.filter(pk__in=found.values("pk")).select_related("building").defer("owner_phone")
    for home in rows.order_by("building__estate", "building__number", "unit", "pk"):
        here.found += 1
        tone = {"rented": "yellow", "empty": "paused"}.get(home.use, "")
        yield Hit(
            "dwelling", home.pk, _address_of(home), "", (home.owner_name,) if home.owner_name else (),
            ((home.get_use_display(), tone),), here.grid_name(home.grid_id), home.grid_id in here.own,
        )  # fmt: skip


def _at(address: Address) -> Q:
    found = Q()
    if address.unit:
        found &= Q(unit__in=address.units)
    if address.number:
        found &= Q(building__number__in=address.numbers)
    if address.estate:
        found &= begins("building__estate", address.estate)
    return found


def _buildings(here, asked) -> Iterator[Hit]:
    address = asked.address
    if address is None or not (address.estate or (address.number and not address.door)):
        return
    for building in _building_rows(here, asked)[: MOST + 1]:
        facts = (building.get_kind_display(), _("%(n)s storeys") % {"n": building.storeys})
        yield Hit(
            "building", building.pk, building.address, "", facts, (), here.grid_name(building.grid_id),
            building.grid_id in here.own,
        )  # fmt: skip


def _building_rows(here, asked) -> QuerySet:
    address, rows = asked.address, here.rows(Building).current().defer("location")
    if here.narrow:
        return rows.filter(_named(asked)).order_by("estate", "number", "pk")
    if not address.estate or address.number:
        # Numbers alone are many: the first that the index gives, not the first of all.
        return rows.filter(_named(asked)).order_by(*(("estate", "number", "pk") if address.estate else ()))
    # Thousands of houses may lie in villages that begin with one character: the first that each index gives.
    by_estate = ByIndex(F("estate")), ByIndex(F("number"))
    of_estate, of_address = begins("estate", address.estate), begins("address", asked.text)
    first = rows.filter(of_estate).order_by(*by_estate)[: MOST + 1].values("pk")
    more = rows.filter(of_address).order_by(ByIndex(F("address")))[: MOST + 1].values("pk")
    found = rows.filter(Q(OneOf(first)) | Q(OneOf(more)))
    return found.order_by(_first_if(of_estate), *by_estate, ByIndex(F("address")), "pk")


def _first_if(condition: Q) -> Case:
    """An order: rows for which it holds before the others."""
    return Case(When(condition, then=0), default=1)


def _named(asked) -> Q:
    address = asked.address
    if not address.estate:
        return Q(number__in=address.numbers)
    named = begins("estate", address.estate)
    if address.number:
        named &= Q(number__in=address.numbers)
    return named | begins("address", address.house if address.unit else asked.text)


# -- households, organisations, places, grids


def _households(here, asked) -> Iterator[Hit]:
    if not asked.number:
        return
    rows = here.rows(Household).current().filter(number=asked.number).exclude(number="")
    for home in rows.select_related("head", "dwelling__building").defer("dwelling__owner_phone"):
        head = home.head.name if home.head and here.sees(home.head.grid_id) else ""
        yield Hit(
            "household", home.pk, home.number, _address_of(home.dwelling), (head,) if head else (),
            ((home.get_kind_display(), ""),), here.grid_name(home.grid_id), home.grid_id in here.own,
        )  # fmt: skip


def _organisations(here, asked) -> Iterator[Hit]:
    for firm in _named_rows(here, asked, here.rows(Organisation).current().defer("phone", "location")):
        facts = tuple(
            value for value in (firm.get_kind_display(), firm.credit_code, firm.legal_person) if value
        )
        yield Hit(
            "organisation", firm.pk, firm.name, firm.address, facts, _safety(firm), here.grid_name(firm.grid_id),
            firm.grid_id in here.own,
        )  # fmt: skip


def _places(here, asked) -> Iterator[Hit]:
    if asked.credit:
        return
    rows = here.rows(KeyPlace).current().defer("responsible_phone", "location")
    for place in _named_rows(here, asked, rows, few=True):
        facts = tuple(value for value in (place.get_kind_display(), place.responsible_name) if value)
        yield Hit(
            "place", place.pk, place.name, place.address, facts, _safety(place), here.grid_name(place.grid_id),
            place.grid_id in here.own,
        )  # fmt: skip


def _named_rows(here, asked, rows, few=False) -> list:
    """By credit code, by letters from the start, or by any part of the name, as names begin with the county's; if
    that finds nothing, by parts in their order: 阳三石社区卫生 means 阳三石街道社区卫生服务中心, too.

    The last two look into names: unless these are few, in a wide scope only if the beginning finds nothing, and nothing
    else was found.
    """
    if asked.credit:
        return list(rows.filter(credit_code=asked.credit).exclude(credit_code=""))
    if asked.letters:
        return _by_letters(here, rows, asked.letters, few)
    if asked.address is None or not asked.address.estate:
        return []
    if few or here.narrow:
        return _inside(asked, rows, "name", "pk")
    found = list(rows.filter(begins("name", asked.text)).order_by(ByIndex(F("name")))[: MOST + 1])
    if found or here.found or asked.address.door:
        return found
    # In the order of the index: what nearly every name has in it is found by walking that.
    return _inside(asked, rows, ByIndex(F("name")))


def _by_letters(here, rows, letters, few) -> list:
    """In a wide scope in the order of each index: most names of a county begin with its own letters."""
    if few or here.narrow:
        return _first(rows.filter(begins("initials", letters) | begins("pinyin", letters)))
    found = {}
    for column in ("initials", "pinyin"):
        if len(found) <= MOST:
            begun = rows.filter(begins(column, letters)).order_by(ByIndex(F(column)))
            found |= {row.pk: row for row in begun[: MOST + 1]}
    return list(found.values())[: MOST + 1]


def _inside(asked, rows, *order) -> list:
    """Names in which the words stand; if there are none, those with all their signs in their order, the shortest of
    these first. One query for both, each with an end to its work."""
    whole = rows.filter(inside("name", asked.text)).order_by(*order)[: MOST + 1]
    if len(asked.text) < FEWEST_SIGNS or asked.address.door or asked.address.number:
        return list(whole)
    loose = rows.filter(in_order("name", asked.text)).order_by()[:MOST_LOOSE]
    both = rows.filter(Q(OneOf(whole.values("pk"))) | Q(OneOf(loose.values("pk"))))
    both = both.annotate(stands=_first_if(Q(name__contains=asked.text)))
    found = list(both.order_by("stands", Length("name"), "name", "pk")[: MOST + 1])
    if found and found[0].stands == 0:
        return sorted((row for row in found if row.stands == 0), key=lambda row: (row.name, row.pk))
    return found


def _first(rows):
    return list(rows.order_by("name", "pk")[: MOST + 1])


def _safety(row):
    return (
        ((row.get_safety_display(), {"1": "red", "2": "yellow"}.get(row.safety, "")),) if row.safety else ()
    )


def _grids(here, asked) -> Iterator[Hit]:
    """The names are in this process; only those that fit are read."""
    words = asked.text if asked.address is not None and asked.address.estate else ""
    fit = [
        (row["level"], row["code"], pk)
        for pk, row in here.names.grids.items()
        if (words and words in row["name"]) or (asked.number and row["code"].startswith(asked.number))
    ]
    fit = [pk for _level, _code, pk in sorted(fit) if here.sees(pk)][:MOST_NAMED]
    if not fit:
        return
    land = Grid.objects.filter(Scope.of(here.user).permission_q(VIEW, "path")).valid_on().filter(pk__in=fit)
    for pk, name, code in land.order_by("level", "code").values_list("pk", "name", "code")[: MOST + 1]:
        yield Hit("grid", pk, name, "", (code,), (), "", pk in here.own)


Finder = Callable[[Search, Asked], Iterator[Hit]]
FINDERS: tuple[tuple[str, str, Finder], ...] = (
    ("resident", gettext_lazy("People"), _people),
    ("household", gettext_lazy("Households"), _households),
    ("dwelling", gettext_lazy("Dwellings"), _dwellings),
    ("building", gettext_lazy("Buildings"), _buildings),
    ("organisation", gettext_lazy("Organisations"), _organisations),
    ("place", gettext_lazy("Key places"), _places),
    ("grid", gettext_lazy("Grids"), _grids),
)
