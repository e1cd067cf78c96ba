"""Figures of a county counted from nothing, read, and kept right; the data-quality board and the due lists.

`python -m bench.registry_figures --people 371400 2200000 --rounds 20`. The floor of the count is one walk of the
same tables: `SELECT count(*)` of each; that of a change is the bare UPDATE of the row.
"""

from bench import registry

MOST_BOARD_MS = 300  # of a county, as it is kept, at either size

COUNT_SECONDS = 2  # issue 3, § 5: figures of one county from nothing, 371,400 people


def floor_of_count():
    from django.db import connection

    from residents import recount

    with connection.cursor() as cursor:
        for table in recount.LOOKED_AT:
            cursor.execute(f"SELECT count(*) FROM {table}")


def counted(run, people):
    """The figures from nothing, compared with those kept."""
    from residents import recount

    assert recount.wrong_figures() == [], "the seeded figures are wrong"
    rounds = range(min(run.options.rounds, 5))
    line = run.line(
        "count from nothing, compare", people, [registry.in_database(recount.wrong_figures) for _n in rounds]
    )
    floor = registry.p95([registry.in_database(floor_of_count).seconds for _n in rounds])
    line.beside(floor * 1000)
    if people == run.sizes[0]:
        line.ask("p95", line.p95 / 1000, COUNT_SECONDS, "s")
    run.line("what must agree", people, [registry.in_database(recount.disagreements) for _n in rounds])


def read(run, people):
    """What pages read: for the whole county and for one grid."""
    from grids.models import Grid
    from residents.selectors import checks, due, figures, quality
    from residents.services import quality as counting

    head, worker = registry.person("operator", level=0), registry.person("worker_full")
    root = Grid.objects.get(level=0)
    village = Grid.objects.filter(level=3).order_by("pk")[0]
    leaf = worker.posts.get(until=None).grid
    calls = {
        "figures of the county": lambda: figures.below(user=head, path=root.path),
        "figures of all that lies below": lambda: figures.of_children(user=head, parent=root),
        "wall map of a village": lambda: figures.wall(user=head, village=village),
        "ages, county": lambda: figures.ages(user=head, path=root.path),
        "ages, one grid": lambda: figures.ages(user=worker, path=leaf.path),
        "quality board counted anew, county": lambda: counting.recount(root.path),
        "quality board, county": lambda: quality.board(user=head, grid=root),
        "quality board, one grid": lambda: quality.board(user=worker, grid=leaf),
        "due lists, county": lambda: due.overview(user=head, path=root.path),
        "due lists, one grid": lambda: due.overview(user=worker, path=leaf.path),
    }
    for code in checks.CHECKS:
        calls[f"rows of {code}, county"] = lambda code=code: quality.rows(
            user=head, code=code, path=root.path
        )
    for kind in due.LABELS:
        calls[f"rows due: {kind}, county"] = lambda kind=kind: due.rows(user=head, kind=kind, path=root.path)
    for name, call in calls.items():
        call()
        whole = "county" in name and not name.startswith("figures")
        rounds = range(min(run.options.rounds, 3 if whole else 50))
        line = run.line(name, people, [registry.in_database(call) for _n in rounds])
        if name == "quality board, county":
            line.ask("p95", line.p95, MOST_BOARD_MS, "ms")


def kept(run, people):
    """One edit: what keeping the figures and the history right costs on top of the bare UPDATE."""
    from django.db import transaction

    from residents.models import Resident
    from residents.services import records

    operator = registry.person("operator", level=0)
    pks = registry.sample(Resident, run.options.rounds, "pk", status="living")
    people_ = list(Resident.objects.filter(pk__in=pks))
    done = []
    for number, person in enumerate(people_):
        done.append(
            registry.in_database(
                lambda p=person, n=number: records.change(p, actor=operator, occupation=f"职业{n}")
            )
        )

    def bare(person):
        with transaction.atomic():
            Resident.objects.filter(pk=person.pk).update(occupation="")

    line = run.line("one edit, with history and figures", people, done)
    line.beside(registry.p95([registry.timed(lambda p=person: bare(p)).seconds for person in people_]) * 1000)


def main():
    run = registry.Run("figures", "Figures of the registry", rounds=50)
    for people in run.sizes:
        with run.inside(people):
            counted(run, people)
            read(run, people)
        with run.inside(people, fresh=True):
            kept(run, people)
    run.finish()


if __name__ == "__main__":
    main()
