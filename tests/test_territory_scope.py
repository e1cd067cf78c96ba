"""Who sees what, by the posts of today; the table of roles and its groups."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from accounts.groups import sync_groups
from accounts.models import User
from accounts.roles import ROLES
from events.models import Assignment, Event, FigureTouch, Whistle, WhistleCall
from grids.models import Grid, Post, Unit
from grids.scope import Scope
from tests.factories import GridFactory, PostFactory, UserFactory

pytestmark = pytest.mark.django_db
YESTERDAY, TOMORROW = (timezone.localdate() + timedelta(days=n) for n in (-1, 1))


def seen(user):
    return set(Grid.objects.visible_to(user))


def event_in(county, street, **more):
    grid = street.grids[0]
    given = {"description": "占道经营", "grid": grid, "path": grid.path, "holder": street.station}
    return Event.objects.create(**{**given, "centre": street.station, **more})


def fresh(user):
    """The person as the next request loads them."""
    return User.objects.get(pk=user.pk)


def test_a_path_does_not_match_one_that_begins_with_the_same_digits(county):
    county.worker.posts.all().delete()
    Grid.objects.filter(pk=county.west.village.pk).update(code="old", valid_until=TOMORROW)
    Post.objects.bulk_create([Post(user=county.worker, role="grid_leader", grid=county.west.village)])
    # A village whose id continues the digits of the worker's one, in the same town.
    twin = Grid.objects.create(
        pk=int(f"{county.west.village.pk}5"), code="twin", name="双", level=3, parent=county.west.town
    )
    assert twin.path.startswith(county.west.village.path[:-1])
    assert seen(county.worker) == {county.west.village, *county.west.grids}


def test_nobody_without_a_post_sees_a_row(county):
    event_in(county, county.west)
    for user in (county.stranger, User.objects.create_superuser("root", password="x" * 12, name="根")):
        assert seen(user) == set()
        assert not Event.objects.visible_to(user).exists()
        assert not Unit.objects.visible_to(user).exists()
        assert not Post.objects.visible_to(user).exists()


@pytest.mark.parametrize(
    ("since", "until", "sees"),
    [
        (YESTERDAY, None, True),
        (timezone.localdate(), None, True),
        (TOMORROW, None, False),
        (date(2024, 1, 1), timezone.localdate(), False),
        (date(2024, 1, 1), TOMORROW, True),
    ],
)
def test_only_posts_of_today_count(county, since, until, sees):
    user = PostFactory(role="operator", unit=county.west.station, since=since, until=until).user
    event = event_in(county, county.west)
    assert (event in Event.objects.visible_to(user)) is sees
    assert (county.west.grids[0] in seen(user)) is sees


def test_an_inactive_person_sees_nothing_nor_does_one_in_a_closed_unit(county):
    event_in(county, county.west)
    User.objects.filter(pk=county.operator.pk).update(is_active=False)
    assert seen(fresh(county.operator)) == set()
    Unit.objects.filter(pk=county.east.station.pk).update(active=False)
    assert seen(fresh(county.operator_east)) == set()


def test_the_next_street_sees_nothing_of_this_one(county):
    event = event_in(county, county.west)
    for user in (county.operator_east, county.worker_east):
        assert event not in Event.objects.visible_to(user)
        assert not seen(user) & {county.west.town, county.west.village, *county.west.grids}
    for user in (county.operator, county.operator_area, county.operator_top, county.worker):
        assert event in Event.objects.visible_to(user)


@pytest.mark.parametrize("how", ["orm", "bulk", "sql"])
def test_open_events_follow_a_town_that_is_moved_and_those_that_ended_stay(county, how):
    town, other = county.west.town, GridFactory(code="430281-A2", name="东部片区", parent=county.root)
    waiting, ended = event_in(county, county.west), event_in(county, county.west, status="cancelled")
    checked = event_in(county, county.west, status="evaluated", number="430281-2026-000001", spot_state="waiting")
    neighbour = event_in(county, county.east)
    if how == "orm":
        town.parent = other
        town.save()
    elif how == "bulk":
        Grid.objects.bulk_update([Grid(pk=town.pk, parent=other)], ["parent"])
    else:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE grids_grid SET parent_id = %s WHERE id = %s", [other.pk, town.pk])
    path = Grid.objects.get(pk=waiting.grid_id).path
    assert path == f"/{county.root.pk}/{other.pk}/{town.pk}/{county.west.village.pk}/{waiting.grid_id}/"
    paths = dict(Event.objects.values_list("pk", "path"))
    assert paths == {waiting.pk: path, checked.pk: path, ended.pk: ended.path, neighbour.pk: neighbour.path}
    assert sorted(FigureTouch.objects.values_list("event_id", flat=True)) == sorted([waiting.pk, checked.pk])
    for user in (county.operator, county.worker):
        assert set(Event.objects.visible_to(fresh(user))) == {waiting, checked}


def test_several_posts_add_up(county):
    PostFactory(user=county.worker, role="worker_part", grid=county.east.grids[1])
    assert seen(fresh(county.worker)) == {county.west.grids[0], county.east.grids[1]}
    assert Scope.of(fresh(county.operator_top)).roots == {county.root.path}


def test_a_department_sees_what_it_holds_co_handles_or_is_whistled_to(county):
    now = timezone.now()
    others = event_in(county, county.west)
    held = event_in(county, county.west, holder=county.urban)
    shared = event_in(county, county.east)
    Assignment.objects.create(event=shared, unit=county.urban, lead=False, dispatched_at=now, due_at=now)
    called = event_in(county, county.east)
    whistle = Whistle.objects.create(
        event=called,
        unit=county.east.station,
        by=county.operator_east,
        called_at=now,
        place="路口",
        come_by=now,
    )
    WhistleCall.objects.create(whistle=whistle, unit=county.urban, called_at=now, come_by=now)
    assert set(Event.objects.visible_to(county.staff)) == {held, shared, called}
    assert set(Event.objects.visible_to(county.police_staff)) == set()
    assert set(Event.objects.visible_to(county.operator_top)) == {others, held, shared, called}


def test_permissions_count_where_the_post_lies(county):
    scope = Scope.of(PostFactory(role="district_admin", grid=county.west.town).user)
    assert scope.may("grids.change_grid")
    assert scope.may_at("grids.change_grid", county.west.grids[0].path)
    assert not scope.may_at("grids.change_grid", county.east.grids[0].path)
    assert not scope.may_at("grids.change_grid", county.area.path)
    assert scope.roots_for("grids.change_grid") == {county.west.town.path}
    assert scope.roots_for("events.dispatch_event") == frozenset()


def test_a_scope_costs_one_query_and_is_kept(county, django_assert_num_queries):
    user = fresh(county.operator)
    with django_assert_num_queries(1):  # the posts of today with their paths
        Scope.of(user)
        assert Scope.of(user).may("events.register_event")


# ---- roles


def test_every_role_is_a_group_with_exactly_its_permissions():
    sync_groups()
    groups = {
        group.name: {
            f"{app}.{code}"
            for app, code in group.permissions.values_list("content_type__app_label", "codename")
        }
        for group in Group.objects.all()
    }
    assert set(groups) == set(ROLES)
    assert groups == {code: set(role.permissions) for code, role in ROLES.items()}


def test_sync_takes_a_permission_away_again():
    group = Group.objects.get(name="staff")
    group.permissions.add(Group.objects.get(name="district_admin").permissions.get(codename="delete_grid"))
    sync_groups()
    assert not group.permissions.filter(codename="delete_grid").exists()


def test_posts_say_in_words_what_does_not_fit(county):
    def wrong(**given):
        with pytest.raises(ValidationError) as caught:
            Post(user=UserFactory(), **given).clean()
        return set(caught.value.message_dict)

    assert wrong(role="worker_full") == {"grid"}
    assert wrong(role="operator") == {"unit"}
    assert wrong(role="operator", unit=county.urban) == {"unit"}
    assert wrong(role="worker_full", grid=county.west.town) == {"role"}
    assert Post(user=county.worker, role="staff", unit=county.urban).clean() is None
