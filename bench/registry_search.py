"""The one search box, kind by kind: time in the database for the whole search, all its statements together.

`python -m bench.registry_search --people 371400 2200000 --rounds 200`. Asked by an operator of the whole county, whose
scope narrows nothing, and for names also by a town's operator and a grid's worker. The floor is one bare
`SELECT … WHERE id = …` of the same table.
"""

from bench import registry

MOST_MS = 30  # issue 3, § 5: p95 in the database for each
MOST_GROWTH = 1.3  # from 371,400 to 2.2 million people, for exact search
EXACT = ("ID number", "phone", "household number")
FIELDS = (
    "name", "pinyin", "initials", "id_number", "phone", "household__number", "dwelling__unit", "dwelling__door",
    "dwelling__building__estate", "dwelling__building__number",
)  # fmt: skip


def words(people) -> dict[str, list[str]]:
    """What is typed, by kind of search, from rows spread over the whole table."""
    kinds: dict[str, list[str]] = {}
    for row in people:
        name, pinyin, initials, number, phone, household, unit, door, estate, house = row
        typed = {
            "name prefix, one character": name[:1],
            "name prefix, two characters": name[:2],
            "name": name,
            "pinyin prefix": pinyin[:5],
            "pinyin": pinyin,
            "initials": initials,
            "initials prefix": initials[:2],
            "ID number": number,
            "last four and name": f"{name} {number[-4:]}" if number else "",
            "last four": number[-4:],
            "phone": phone,
            "household number": household or "",
            "address with door": f"{estate or ''}{house}{f'{unit}单元' if unit else ''}{door}"
            if estate and door
            else "",
            "door without estate": f"{house}{unit}单元{door}" if unit and door and house else "",
            "estate": estate or "",
        }
        for kind, text in typed.items():
            if text:
                kinds.setdefault(kind, []).append(text)
    return kinds


def searched(user, text):
    from residents.selectors.search import search

    user.__dict__.pop("_scope", None)  # as every request reads it anew
    return registry.in_database(lambda: search(user, text))


def bare(pk):
    from django.db import connection

    def select():
        with connection.cursor() as cursor:
            cursor.execute("SELECT id, name, pinyin, grid_id FROM residents_resident WHERE id = %s", [pk])
            cursor.fetchall()

    return registry.in_database(select)


def measure(run, people):
    from residents.models import Organisation, Resident

    top = registry.person("operator", level=0)
    rows = registry.sample(Resident, run.options.rounds, *FIELDS, status="living")
    floor = (
        registry.p95([bare(pk).seconds for pk in registry.sample(Resident, run.options.rounds, "pk")]) * 1000
    )
    kinds = words(rows)
    kinds["organisation"] = registry.sample(Organisation, run.options.rounds, "name")
    kinds["organisation, part of its name"] = [name[4:8] for name in kinds["organisation"] if len(name) >= 8]
    for kind, typed in kinds.items():
        searched(top, typed[0])  # the plans and the names of grids are there, as in a process that runs
        ask(run.line(kind, people, [searched(top, text) for text in typed]), floor)
    for who, user in (
        ("town", registry.person("operator", level=2)),
        ("grid", registry.person("worker_full")),
    ):
        for kind in (
            "name prefix, one character",
            "name prefix, two characters",
            "pinyin prefix",
            "initials prefix",
        ):
            searched(user, kinds[kind][0])
            ask(
                run.line(f"{kind}, within a {who}", people, [searched(user, text) for text in kinds[kind]]),
                floor,
            )


def ask(line, floor):
    line.beside(floor)
    line.ask("p95 in the database", line.database_p95, MOST_MS, "ms")


def main():
    run = registry.Run("search", "Search by one box")
    for people in run.sizes:
        with run.inside(people):
            measure(run, people)
    run.grown(MOST_GROWTH, EXACT)
    run.finish()


if __name__ == "__main__":
    main()
