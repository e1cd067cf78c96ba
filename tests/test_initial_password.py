"""Passwords that an import has made open one page only, until their owner has chosen another."""

import csv
import io

import pytest
from django.test import Client
from django.urls import reverse
from knox.models import AuthToken
from rest_framework.test import APIClient

from accounts.models import User
from exchange.services import issue_key
from grids.services import staff
from tests.factories import PASSWORD
from tests.imports.scene import one, roll
from tests.pages import text_of, visit

pytestmark = pytest.mark.django_db
PAGE = "/password/"
OWN = "chosen-by-myself-7"


@pytest.fixture
def newcomer(county):
    """(user, password) as an import makes them."""
    done = staff.import_staff(source=roll(one(number="G900", username="", id="")), make_passwords=True)
    username, _name, password = done.passwords[0]
    return User.objects.get(username=username), password


def choose(client, first, second=None, **more):
    return client.post(PAGE, {"new_password1": first, "new_password2": second or first, **more})


def test_only_passwords_of_an_import_must_be_changed(county, newcomer):
    assert newcomer[0].must_change_password is True
    staff.import_staff(source=roll(one(number="G901", username="", id="")))
    machine = issue_key(unit=county.urban)[0].user
    known = User.objects.filter(must_change_password=True)
    assert list(known) == [newcomer[0]]
    assert not machine.must_change_password
    staff.import_staff(source=roll(one(number="G900", username="", id="", name="改名")), make_passwords=True)
    assert list(known) == [newcomer[0]]


def test_a_second_import_does_not_ask_again(newcomer):
    user, _password = newcomer
    client = visit(user)
    assert choose(client, OWN).status_code == 302
    staff.import_staff(source=roll(one(number="G900", username="", id="", name="改名")), make_passwords=True)
    user.refresh_from_db()
    assert (user.must_change_password, user.check_password(OWN)) == (False, True)


def test_every_page_leads_to_the_one_that_is_open(newcomer):
    user, password = newcomer
    client = Client(headers={"accept-language": "en"})
    done = client.post(
        reverse("accounts:login"), {"username": user.username, "password": password}, follow=True
    )
    assert done.redirect_chain[-1][0] == PAGE
    assert "Change the initial password" in text_of(done)
    assert reverse("events:list") not in done.content.decode()  # no menu of what is closed
    for page in ("/events/", "/me/", "/grids/", "/admin/", "/events/report/?standard=1", "/scores/"):
        answer = client.get(page)
        if answer.status_code != 404:
            assert (answer.status_code, answer.url.split("?")[0]) == (302, PAGE), page
    assert client.get("/events/report/?standard=1").url == f"{PAGE}?next=%2Fevents%2Freport%2F%3Fstandard%3D1"
    assert client.post("/events/report/", {"description": "x"}).url == PAGE


def test_a_part_of_a_page_leads_the_whole_page_there(newcomer):
    answer = visit(newcomer[0]).get("/events/", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"], answer.content) == (204, PAGE, b"")


def test_the_doors_and_the_health_pages_stay_open(newcomer):
    client = visit(newcomer[0])
    assert client.get("/healthz").status_code == 200
    assert client.post("/language/", {"language": "en"}).status_code == 302
    assert client.post("/logout/").url == "/login/"


def test_a_password_of_ones_own_opens_everything(newcomer):
    user, password = newcomer
    client, elsewhere = visit(user), visit(user)
    answer = choose(client, OWN, next="/inbox/")
    assert (answer.status_code, answer.url) == (302, "/inbox/")
    assert client.get("/inbox/").status_code == 200
    assert elsewhere.get("/inbox/").url.startswith("/login/")  # sessions of the old password are over
    user.refresh_from_db()
    assert (user.must_change_password, user.check_password(OWN), user.check_password(password)) == (
        False,
        True,
        False,
    )
    assert client.get(PAGE).url == "/me/"


def test_the_way_on_leads_to_no_other_host(newcomer):
    assert choose(visit(newcomer[0]), OWN, next="https://elsewhere.example/").url == "/"


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [
        (None, None, "This is the initial password: choose another one."),
        (OWN, "something-else-8", "didn’t match"),
        ("short", None, "too short"),
        ("1234567890123", None, "entirely numeric"),
    ],
)
def test_a_password_that_will_not_do_is_refused_and_nothing_opens(newcomer, first, second, words):
    user, password = newcomer
    client = visit(user)
    answer = choose(client, first or password, second)
    assert answer.status_code == 200
    assert words in text_of(answer)
    user.refresh_from_db()
    assert (user.must_change_password, user.check_password(password)) == (True, True)


def test_a_stranger_is_sent_to_the_gate():
    assert Client().get(PAGE).url == "/login/?next=/password/"


def test_the_api_gives_no_token_and_says_why(newcomer):
    user, password = newcomer
    answer = APIClient().post("/api/v1/auth/token/", {"username": user.username, "password": password})
    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
    said = answer.json()
    assert (said["code"], said["status"], said["page"]) == ("initial_password", 403, PAGE)
    assert not AuthToken.objects.filter(user=user).exists()
    choose(visit(user), OWN)
    answer = APIClient().post("/api/v1/auth/token/", {"username": user.username, "password": OWN})
    assert answer.status_code == 200


def test_a_wrong_password_does_not_tell_that_the_account_is_new(newcomer):
    answer = APIClient().post("/api/v1/auth/token/", {"username": newcomer[0].username, "password": PASSWORD})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_the_api_under_a_session_says_so_too(newcomer):
    client = APIClient()
    client.force_login(newcomer[0])
    for answer in (client.get("/api/v1/me/"), client.post("/api/v1/events/", {})):
        assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
        said = answer.json()
        assert (said["code"], said["type"]) == ("initial_password", "/api/v1/problems/initial_password/")
        assert said["page"] == PAGE


def test_the_downloaded_file_holds_passwords_that_work_once(county):
    from tests.admin.scene import administrator, browser, upload, url

    admin, heading = administrator(county.root), ["工号", "姓名", "角色", "网格编码"]
    file = upload("roll.csv", [heading, ["G7", "李七", "专职网格员", county.west.grids[0].code]])
    answer = browser(admin).post(url(User, "import-staff"), {"file": file, "passwords": "on"})
    (row,) = csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")))
    client = Client()
    done = client.post("/login/", {"username": row["username"], "password": row["password"]}, follow=True)
    assert done.redirect_chain[-1][0] == PAGE
