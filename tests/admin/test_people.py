"""People and posts in the admin: private data, who may change whom."""

import pytest
from django.urls import reverse

from accounts.models import User
from grids.models import Grid, Post
from tests.admin.scene import NEW_PASSWORD, browser, errors, inline, person_data, url, worker_post
from tests.factories import (
    PASSWORD,
    PostFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def test_a_new_person_needs_a_post_in_the_subtree(county, west, whole):
    client = browser(west)
    data = person_data(**NEW_PASSWORD)
    for posts in (inline(), inline(worker_post(county.east.grids[0]))):
        assert client.post(url(User, "add"), {**data, **posts}).status_code == 200
    assert not User.objects.filter(username="new").exists()
    assert (
        client.post(url(User, "add"), {**data, **inline(worker_post(county.west.grids[0]))}).status_code
        == 302
    )
    made = User.objects.get(username="new")
    assert (made.posts.get().grid, made.staff_number, made.check_password("long-enough-9")) == (
        county.west.grids[0],
        None,
        True,
    )
    assert browser(whole).post(url(User, "add"), {**data, "username": "idle", **inline()}).status_code == 302


def test_a_post_that_does_not_fit_its_role_is_refused_in_words(county, west):
    answer = browser(west).post(
        url(Post, "add"), {**worker_post(county.west.village), "user": county.worker.pk}
    )
    assert errors(answer)["role"] == ["This role does not exist at level 3."]
    answer = browser(west).post(
        url(Post, "add"), {**worker_post(county.east.grids[0]), "user": county.worker.pk}
    )
    assert "Select a valid choice" in errors(answer)["grid"][0]
    answer = browser(west).post(
        url(Post, "add"), {**worker_post(county.west.grids[0]), "user": county.worker_east.pk}
    )
    assert "Select a valid choice" in errors(answer)["user"][0]


def test_an_administrators_post_opens_the_admin_to_its_holder(county, west):
    client = browser(west)
    data = {**worker_post(county.west.village), "role": "district_admin"}
    assert client.post(url(Post, "add"), {**data, "user": county.worker.pk}).status_code == 302
    assert browser(User.objects.get(pk=county.worker.pk)).get(url(Grid)).status_code == 200
    new = person_data(**NEW_PASSWORD, **inline(data))
    assert client.post(url(User, "add"), new).status_code == 302
    assert User.objects.get(username="new").is_staff is True


def test_private_data_are_masked_and_written_blind(county, west):
    worker = county.worker
    worker.phone, worker.id_number = "13812348000", "11010519491231002X"
    worker.save()
    client, page = browser(west), url(User, "change", worker.pk)
    for address in (url(User), page):
        html = client.get(address).content.decode()
        assert "138****8000" in html
        assert "13812348000" not in html
        assert "19491231" not in html
    data = person_data(username=worker.username, is_active="on", **inline())
    found = errors(client.post(page, {**data, "new_phone": "123", "new_id_number": "110105194912310021"}))
    assert "expected a mobile number" in found["new_phone"][0]
    assert "check digit" in found["new_id_number"][0]
    assert client.post(page, {**data, "name": "改名"}).status_code == 302
    after = User.objects.get(pk=worker.pk)
    assert (after.name, after.phone, after.id_number) == ("改名", "13812348000", "11010519491231002X")
    assert client.post(page, {**data, "new_phone": "13900001111"}).status_code == 302
    assert User.objects.get(pk=worker.pk).phone == "13900001111"


def test_who_has_a_post_elsewhere_is_seen_but_not_changed(county, west, whole):
    """Else a street could set the password of somebody of the county."""
    boss = county.operator_top
    PostFactory(user=boss, role="inspector", grid=county.west.town)
    client = browser(west)
    html = client.get(url(User, "change", boss.pk))
    assert html.status_code == 200
    assert not html.context["has_change_permission"]
    assert "指挥中心" not in html.content.decode()
    assert client.post(url(User, "change", boss.pk), person_data(**inline())).status_code == 403
    password = reverse("admin:auth_user_password_change", args=[boss.pk])
    new = {"password1": "long-enough-9", "password2": "long-enough-9"}
    assert client.post(password, new).status_code == 403
    assert User.objects.get(pk=boss.pk).check_password(PASSWORD)
    assert browser(whole).post(password, {**new, "usable_password": "true"}).status_code == 302
    assert User.objects.get(pk=boss.pk).check_password("long-enough-9")


def test_superusers_are_not_changed_and_nobody_becomes_one(county, whole):
    root = UserFactory(is_superuser=True)
    client = browser(whole)
    assert client.post(url(User, "change", root.pk), person_data(**inline())).status_code == 403
    worker = county.worker
    data = person_data(username=worker.username, is_active="on", is_superuser="on", **inline())
    assert client.post(url(User, "change", worker.pk), data).status_code == 302
    assert User.objects.get(pk=worker.pk).is_superuser is False


def test_nobody_closes_the_door_behind_themselves(county, west):
    client, post = browser(west), west.posts.get()
    assert client.post(url(Post, "delete", post.pk), {"post": "yes"}).status_code == 403
    assert client.post(url(Post, "change", post.pk), {"until": "2026-01-02"}).status_code == 403
    data = person_data(username=west.username, **inline())
    assert client.post(url(User, "change", west.pk), data).status_code == 302
    after = User.objects.get(pk=west.pk)
    assert (after.is_active, after.is_staff, post.user.posts.count()) == (True, True, 1)


def test_nobody_appoints_themselves(county, west):
    """A post of a centre's head unmasks: what one may see is given by somebody else."""
    client, words = browser(west), "Nobody gives posts to themselves: another administrator does."
    head = {"role": "centre_head", "grid": "", "unit": county.west.town_centre.pk, "since": "2026-01-01", "until": ""}
    assert errors(client.post(url(Post, "add"), {**head, "user": west.pk}))["user"] == [words]
    other = county.operator.posts.get()
    answer = client.post(url(Post, "change", other.pk), {**head, "user": west.pk})
    assert errors(answer)["user"] == [words]
    data = person_data(username=west.username, is_active="on", **inline(head))
    assert client.post(url(User, "change", west.pk), data).status_code == 302  # their own name may be changed
    assert [post.role for post in west.posts.all()] == ["district_admin"]
    assert other.user.posts.get().role == "operator"
    assert client.post(url(Post, "add"), {**head, "user": county.operator.pk}).status_code == 302
    assert county.operator.posts.filter(role="centre_head").exists()


def test_people_are_deactivated_not_deleted(county, whole):
    client = browser(whole)
    assert client.post(url(User, "delete", county.stranger.pk), {"post": "yes"}).status_code == 403
    client.post(
        url(User), {"action": "delete_selected", "_selected_action": county.stranger.pk, "post": "yes"}
    )
    assert User.objects.filter(pk=county.stranger.pk).exists()


def test_an_id_number_from_the_next_street_is_refused_without_saying_whose(county, west, whole):
    county.worker_east.id_number = "11010519491231002X"
    county.worker_east.save()
    county.worker_next.id_number = "430281198001010004"
    county.worker_next.save()
    page = url(User, "change", county.worker.pk)
    data = person_data(username=county.worker.username, is_active="on", **inline())

    def refusal(admin, number):
        return errors(browser(admin).post(page, {**data, "new_id_number": number}))["new_id_number"]

    far = ["This cannot be taken over here; ask the county administrator."]
    known = ["Somebody else has this ID number."]
    assert refusal(west, "11010519491231002X") == far
    assert refusal(west, "430281198001010004") == refusal(whole, "11010519491231002X") == known


def test_an_administrator_may_ask_for_a_new_password(county, west):
    page = url(User, "change", county.worker.pk)
    data = person_data(username=county.worker.username, is_active="on", must_change_password="on", **inline())
    assert browser(west).post(page, data).status_code == 302
    assert User.objects.get(pk=county.worker.pk).must_change_password is True
