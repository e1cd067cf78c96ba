"""The tree's triggers and the copies in each process: the same on PostGIS and on SpatiaLite."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone, translation

from grids import directory, locate, once
from grids.models import Grid, Post, Unit
from tests.factories import GridFactory, PostFactory, UnitFactory, square

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
TOMORROW = TODAY + timedelta(days=1)


@pytest.fixture(autouse=True)
def no_kept_copies():
    """Each test begins without copies of an earlier, rolled-back database."""
    directory._directory.forget()
    locate._index.forget()


def sql(statement, *values):
    with connection.cursor() as cursor:
        cursor.execute(statement, values or None)


def refused(do):
    """`do()` is refused by the database, and nothing of it stays."""
    with pytest.raises(IntegrityError), transaction.atomic():
        do()


def path_of(grid):
    return Grid.objects.values_list("path", flat=True).get(pk=grid.pk)


def by_the_parents(grid):
    """The path as the chain of parents spells it, read without the path column."""
    ids, parent = [], grid.pk
    while parent:
        ids.insert(0, parent)
        parent = Grid.objects.values_list("parent_id", flat=True).get(pk=parent)
    return "/" + "/".join(map(str, ids)) + "/"


def insert(code, level, parent):
    sql(
        "INSERT INTO grids_grid (code, name, level, parent_id, path, valid_from, colour, synthetic)"
        " VALUES (%s, '新', %s, %s, '', '2024-01-01', '#000000', %s)",
        code,
        level,
        parent and parent.pk,
        False,
    )
    return Grid.objects.get(code=code)


# ---- the level rule


@pytest.mark.parametrize("level", [0, 1, 2, 4])
def test_a_child_that_is_not_one_level_below_is_refused_however_it_is_written(county, level):
    town = county.west.town  # level 2
    count = Grid.objects.count()
    refused(lambda: Grid.objects.create(code="x", name="新", level=level, parent=town))
    refused(lambda: Grid.objects.bulk_create([Grid(code="x", name="新", level=level, parent=town)]))
    refused(lambda: insert("x", level, town))
    village = county.west.village  # level 3, below the town
    refused(lambda: Grid.objects.filter(pk=village.pk).update(level=level))
    refused(lambda: sql("UPDATE grids_grid SET level = %s WHERE id = %s", level, village.pk))
    assert Grid.objects.count() == count
    assert Grid.objects.get(pk=village.pk).level == 3


def test_a_grid_cannot_be_hung_below_one_of_another_level(county):
    grid = county.west.grids[0]
    for parent in (county.root, county.area, county.west.town, county.west.grids[1]):
        refused(lambda parent=parent: Grid.objects.filter(pk=grid.pk).update(parent=parent))
        refused(
            lambda parent=parent: sql(
                "UPDATE grids_grid SET parent_id = %s WHERE id = %s", parent.pk, grid.pk
            )
        )
    assert path_of(grid) == by_the_parents(grid)


def test_a_parent_cannot_change_its_level_away_from_its_children(county):
    other = GridFactory(code="430281-A2", parent=county.root)
    refused(
        lambda: sql("UPDATE grids_grid SET level = 2, parent_id = %s WHERE id = %s", other.pk, county.area.pk)
    )
    assert Grid.objects.get(pk=county.area.pk).level == 1


def test_only_the_whole_territory_has_no_parent(county):
    refused(lambda: insert("x", 1, None))
    refused(lambda: Grid.objects.filter(pk=county.area.pk).update(parent=None))


def test_level_5_does_not_exist(county):
    refused(lambda: insert("x", 5, county.west.grids[0]))


# ---- paths


def test_paths_are_computed_for_create_bulk_create_and_raw_sql(county):
    village = county.west.village
    made = Grid.objects.create(code="a", name="新", level=4, parent=village)
    assert made.path == f"{village.path}{made.pk}/"
    Grid.objects.bulk_create([Grid(code=f"b{n}", name="新", level=4, parent=village) for n in range(3)])
    raw = insert("c", 4, village)
    fresh = Grid.objects.filter(parent=village)
    assert {grid.path for grid in fresh} == {f"{village.path}{grid.pk}/" for grid in fresh}
    assert raw.path == f"{village.path}{raw.pk}/"


@pytest.mark.parametrize("how", ["orm", "sql"])
def test_moving_a_town_carries_everything_below_it(county, how):
    other = GridFactory(code="430281-A2", name="东部片区", parent=county.root)
    town = county.west.town
    if how == "orm":
        town.parent = other
        town.save()
    else:
        sql("UPDATE grids_grid SET parent_id = %s WHERE id = %s", other.pk, town.pk)
    moved = [town, county.west.village, *county.west.grids]
    assert [path_of(grid) for grid in moved] == [by_the_parents(grid) for grid in moved]
    assert path_of(county.west.grids[1]) == (
        f"/{county.root.pk}/{other.pk}/{town.pk}/{county.west.village.pk}/{county.west.grids[1].pk}/"
    )
    assert path_of(county.east.grids[0]) == county.east.grids[0].path


def test_two_towns_moved_by_one_statement(county):
    other = GridFactory(code="430281-A2", name="东部片区", parent=county.root)
    Grid.objects.filter(level=2).update(parent=other)
    for grid in Grid.objects.all():
        assert grid.path == by_the_parents(grid)


@pytest.mark.parametrize("which", ["root", "area", "town", "village"])
def test_a_path_cannot_be_written_by_hand(county, which):
    grid = {
        "root": county.root,
        "area": county.area,
        "town": county.west.town,
        "village": county.west.village,
    }[which]
    before = dict(Grid.objects.values_list("pk", "path"))
    sql("UPDATE grids_grid SET path = '/7/' WHERE id = %s", grid.pk)
    assert dict(Grid.objects.values_list("pk", "path")) == before
    sql("UPDATE grids_grid SET path = ''")
    assert dict(Grid.objects.values_list("pk", "path")) == before


# ---- one root, codes, periods


def test_there_is_one_whole_territory(county):
    refused(lambda: GridFactory(code="999999000000"))
    Grid.objects.filter(pk=county.root.pk).update(valid_until=TOMORROW)
    refused(lambda: GridFactory(code="999999000000", valid_from=TODAY))
    new = GridFactory(code="999999000000", valid_from=TOMORROW)
    assert new.path == f"/{new.pk}/"
    refused(lambda: Grid.objects.filter(pk=county.root.pk).update(valid_until=None))
    refused(lambda: Grid.objects.filter(pk=new.pk).update(valid_from=TODAY))


def test_a_code_is_unique_among_valid_grids_and_free_again_after_the_end(county):
    old = county.west.grids[0]
    refused(lambda: GridFactory(code=old.code, parent=county.west.village))
    Grid.objects.filter(pk=old.pk).update(valid_until=TOMORROW)
    assert GridFactory(code=old.code, parent=county.west.village, valid_from=TOMORROW).pk != old.pk


def meets(valid_from, valid_until):
    """One grid is in force in [10 January, 20 January) of next year."""
    year = TODAY.year + 1
    return date(year, *valid_from), valid_until and date(year, *valid_until)


@pytest.mark.parametrize("how", ["create", "bulk_create", "dates", "code", "sql"])
@pytest.mark.parametrize(
    ("days", "taken"),
    [
        (((1, 1), (1, 10)), False),
        (((1, 1), (1, 11)), True),
        (((1, 1), None), True),
        (((1, 12), (1, 13)), True),
        (((1, 10), (1, 20)), True),
        (((1, 19), (1, 30)), True),
        (((1, 19), None), True),
        (((1, 20), (1, 30)), False),
        (((1, 20), None), False),
    ],
)
def test_on_no_day_are_two_grids_of_a_code_in_force(county, days, taken, how):
    first, until = meets((1, 10), (1, 20))
    grid = county.west.grids[0]
    Grid.objects.filter(pk=grid.pk).update(valid_from=first, valid_until=until)
    first, until = meets(*days)
    other = {"name": "新", "level": 4, "parent": county.west.village, "valid_from": first, "valid_until": until}
    free = GridFactory(**{**other, "code": "free"})
    far = GridFactory(code=grid.code, parent=county.west.village, valid_until=date(2024, 6, 1))

    def do():
        if how == "create":
            Grid.objects.create(code=grid.code, **other)
        elif how == "bulk_create":
            Grid.objects.bulk_create([Grid(code=grid.code, **other)])
        elif how == "dates":
            Grid.objects.filter(pk=far.pk).update(valid_from=first, valid_until=until)
        elif how == "code":
            Grid.objects.filter(pk=free.pk).update(code=grid.code)
        else:
            sql("UPDATE grids_grid SET code = %s WHERE id = %s", grid.code, free.pk)

    again = Grid(code=grid.code, **other)
    if taken:
        refused(do)
        with translation.override("en"), pytest.raises(ValidationError) as caught:
            again.validate_constraints()
        words = f"There is a grid with this code from {first.year}-01-10, until {first.year}-01-20: expected"
        assert [message[: len(words)] for message in caught.value.messages] == [words]
    else:
        again.validate_constraints()
        do()
        assert Grid.objects.filter(code=grid.code, valid_from=first).count() == 1


def test_a_second_whole_territory_is_refused_in_words_too(county):
    Grid.objects.filter(pk=county.root.pk).update(valid_until=TOMORROW)
    other = Grid(code="999999000000", name="新", level=0, valid_from=TODAY)
    with translation.override("en"), pytest.raises(ValidationError) as caught:
        other.validate_constraints()
    assert caught.value.messages == [
        f"There is a whole territory (level 0) from 2024-01-01, until {TOMORROW}: expected days that are not among these."
    ]
    other.valid_from = TOMORROW
    other.validate_constraints()
    Grid.objects.get(pk=county.root.pk).validate_constraints()  # a grid does not meet itself


class Editor:
    """A schema editor within a test's transaction, which SQLite's own one refuses."""

    connection = connection

    def execute(self, statement, params):
        connection.check_constraints()  # PostgreSQL alters no table whose foreign keys wait to be checked
        sql(statement)


def test_the_migration_names_grids_that_meet_already(county):
    editor = Editor()
    once.remove(None, editor)
    old = county.west.grids[0]
    Grid.objects.filter(pk=old.pk).update(valid_until=TOMORROW)
    new = GridFactory(code=old.code, parent=county.west.village)
    with pytest.raises(IntegrityError, match=rf"begins: {old.pk} \({old.code}\) and {new.pk} \({old.code}\)\."):
        once.install(None, editor)
    Grid.objects.filter(pk=new.pk).delete()
    once.install(None, editor)
    refused(lambda: GridFactory(code=old.code, parent=county.west.village))


def test_a_period_ends_after_it_begins(county):
    refused(lambda: Grid.objects.filter(pk=county.area.pk).update(valid_until=date(2024, 1, 1)))
    post = county.worker.posts.get()
    refused(lambda: Post.objects.filter(pk=post.pk).update(until=post.since))


def test_a_grid_is_in_force_from_its_first_day_to_the_day_before_its_end(county):
    grid = county.west.grids[0]
    Grid.objects.filter(pk=grid.pk).update(valid_from=date(2026, 1, 1), valid_until=date(2026, 2, 1))
    days = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 1)]
    assert [Grid.objects.valid_on(day).filter(pk=grid.pk).exists() for day in days] == [
        False,
        True,
        True,
        False,
    ]


def test_a_unit_is_one_centre_per_grid_and_a_department_has_a_kind(county):
    refused(lambda: UnitFactory(grid=county.root))
    refused(lambda: UnitFactory(grid=county.root, kind="department", department_kind=county.kind))
    refused(lambda: UnitFactory(grid=county.west.town, kind="department"))
    refused(lambda: UnitFactory(grid=county.west.grids[0], department_kind=county.kind))
    Unit.objects.filter(pk=county.centre.pk).update(active=False)
    assert UnitFactory(grid=county.root).pk


def test_a_post_is_in_a_grid_or_in_a_unit_and_its_role_is_known(county):
    place = {"grid": county.west.grids[0], "unit": county.centre}
    refused(lambda: PostFactory(**place))
    refused(lambda: PostFactory())
    refused(lambda: PostFactory(role="emperor", grid=county.root))


# ---- the copies in this process


def test_a_point_is_in_its_grid_on_a_border_in_one_and_outside_in_none(county):
    index = locate.current()
    assert index.find(*county.west.point).pk == county.west.grids[0].pk
    assert index.find(113.41, 27.605).code == "430281001001001"  # the line between the two: the lower code
    assert index.find(113.40, 27.60).pk == county.west.grids[0].pk  # a corner
    assert index.find(113.45, 27.605) is None  # between the streets: inside the county, in no grid
    assert index.find(0, 0) is None


def test_the_index_notices_a_redrawn_boundary_by_orm_and_by_raw_sql(county):
    first, second = county.west.grids
    far = (113.605, 27.705)
    assert locate.current().find(*far) is None
    Grid.objects.filter(pk=first.pk).update(boundary=square(113.60, 27.70, 0.01))
    assert locate.current().find(*far).pk == first.pk
    sql(
        "UPDATE grids_grid SET boundary = (SELECT boundary FROM grids_grid WHERE id = %s) WHERE id = %s",
        county.east.grids[0].pk,
        first.pk,
    )
    assert locate.current().find(*far) is None
    Grid.objects.filter(pk=second.pk).update(valid_until=timezone.localdate())
    assert locate.current().find(113.415, 27.605) is None


def test_the_directory_notices_units_and_moves(county):
    grid = county.west.grids[0]
    assert directory.current().centre_for(grid.path).pk == county.west.station.pk
    sql("UPDATE grids_unit SET active = %s WHERE id = %s", False, county.west.station.pk)
    assert directory.current().centre_for(grid.path).pk == county.west.town_centre.pk
    assert directory.current().parent_centre(directory.current().units[county.west.town_centre.pk]).pk == (
        county.area_centre.pk
    )
    town_squad = UnitFactory(kind="department", department_kind=county.kind, grid=county.west.town)
    kinds = {0: county.kind.pk, 2: county.kind.pk}
    assert directory.current().department_for(grid.path, kinds).pk == town_squad.pk
    assert directory.current().department_for(county.east.grids[0].path, kinds).pk == county.urban.pk
    assert directory.current().territory == "430281"


def test_unchanged_copies_ask_nothing_but_the_versions(county, django_assert_num_queries):
    locate.current()
    directory.current()
    with django_assert_num_queries(2):  # the data versions, once for each
        locate.current()
        directory.current()


@pytest.mark.django_db(transaction=True)
def test_a_change_by_another_process_is_noticed(county):
    assert locate.current().find(*county.west.point).pk == county.west.grids[0].pk
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("UPDATE grids_grid SET boundary = NULL WHERE id = %s", [county.west.grids[0].pk])
            cursor.execute("UPDATE grids_unit SET name = '改名' WHERE id = %s", [county.centre.pk])
    finally:
        other.close()
    assert locate.current().find(*county.west.point) is None
    assert directory.current().units[county.centre.pk].name == "改名"
