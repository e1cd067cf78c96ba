"""Who comes into the admin."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from grids.models import Grid
from tests.admin.scene import browser, url
from tests.factories import (
    PASSWORD,
    PostFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def test_a_stranger_is_sent_to_the_one_login_page(county):
    client = Client()
    for path in (reverse("admin:index"), url(Grid), url(User, "add")):
        first = client.get(path)
        assert first.status_code == 302
        assert first.url.startswith(reverse("admin:login"))
        second = client.get(first.url)
        assert second.url.startswith(reverse("accounts:login"))


@pytest.mark.parametrize(
    "who", ["worker", "operator_top", "staff_without_post", "post_without_staff", "superuser", "ended"]
)
def test_only_staff_with_an_administrators_post_of_today_comes_in(county, who):
    user = {
        "worker": lambda: county.worker,
        "operator_top": lambda: county.operator_top,
        "staff_without_post": lambda: UserFactory(is_staff=True),
        "post_without_staff": lambda: PostFactory(role="district_admin", grid=county.root).user,
        "superuser": lambda: UserFactory(is_staff=True, is_superuser=True),
        "ended": lambda: (
            PostFactory(
                role="district_admin", grid=county.root, until=timezone.localdate(), user__is_staff=True
            ).user
        ),
    }[who]()
    client = browser(user)
    assert client.get(url(Grid)).status_code == 302
    assert client.get(reverse("admin:login")).status_code == 403
    assert client.get(reverse("admin:index"), follow=True).status_code == 403


def test_too_many_wrong_passwords_lock_the_admin_too(county, settings, west):
    settings.AXES_FAILURE_LIMIT = 3
    client, login = Client(), reverse("accounts:login")
    for _attempt in range(3):
        client.post(login, {"username": west.username, "password": "wrong"})
    client.post(login, {"username": west.username, "password": PASSWORD})
    assert client.get(reverse("admin:index")).status_code == 302


def test_the_right_password_opens_it(county, west):
    client = Client()
    target = reverse("admin:index")
    done = client.post(
        f"{reverse('accounts:login')}?next={target}", {"username": west.username, "password": PASSWORD}
    )
    assert (done.status_code, done.url) == (302, target)
    assert client.get(target).status_code == 200
