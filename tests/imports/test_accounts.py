"""Accounts that imports and commands make: in whose subtree, with which passwords."""

import csv
import io
import stat

import pytest
from django.contrib.auth import authenticate
from django.core.management import CommandError, call_command

from accounts import services as people
from accounts.models import User
from core import ciphers
from core.errors import Invalid
from grids.services import staff
from tests.factories import PASSWORD, UserFactory
from tests.imports.scene import LILING, WEST, one, roll, said

pytestmark = pytest.mark.django_db


def test_an_actor_places_people_in_the_own_subtree_only(county):
    west = {county.west.town.path}
    done = staff.import_staff(source=roll(one()), actor_roots=west)
    assert done.posts_added == 1
    text = said(
        lambda: staff.import_staff(
            source=roll(one(number="G2", username="", id="", place="430281002001001")), actor_roots=west
        ),
        "2.place",
    )
    assert "there is no grid “430281002001001” in force." in text


def test_an_actor_does_not_change_people_of_others(county):
    worker = county.worker_east
    User.objects.filter(pk=worker.pk).update(staff_number="E1", name="王东")
    idle = UserFactory(staff_number="E2")
    rows = roll(one(number="E1", name="改名"), one(number="E2", name="改名", username="", id=""))
    text = said(
        lambda: staff.import_staff(source=rows, actor_roots={county.west.town.path}),
        "2.staff_number",
        "3.staff_number",
    )
    assert "this person has posts outside your grids: not yours to change." in text
    assert User.objects.get(pk=worker.pk).name == "王东"
    rows.seek(0)
    staff.import_staff(source=rows, actor_roots={county.root.path})
    assert set(User.objects.filter(pk__in=[worker.pk, idle.pk]).values_list("name", flat=True)) == {"改名"}


def test_an_id_number_from_elsewhere_in_the_county_is_refused_without_saying_whose(county):
    mine, others = "430281198001010004", "11010519491231002X"
    User.objects.filter(pk=county.worker.pk).update(id_number_hash=ciphers.keyed_hash(mine))
    User.objects.filter(pk=county.worker_east.pk).update(id_number_hash=ciphers.keyed_hash(others))

    def refusals(roots):
        rows = roll(one(number="G1", id=mine, username=""), one(number="G2", id=others, username=""))
        with pytest.raises(Invalid) as error:
            staff.import_staff(source=rows, actor_roots=roots)
        return {name: [str(words) for words in said] for name, said in error.value.fields.items()}

    far = "Row 3, 身份证号: cannot be taken over here; ask the county administrator."
    known = "Row {}, 身份证号: somebody with another staff number has this ID number."
    assert refusals({county.west.town.path}) == {"2.id_number": [known.format(2)], "3.id_number": [far]}
    both = {"2.id_number": [known.format(2)], "3.id_number": [known.format(3)]}
    assert refusals({county.root.path}) == refusals(None) == both
    assert not User.objects.filter(staff_number__in=["G1", "G2"]).exists()


def test_a_new_district_administrator_may_enter_the_admin(county):
    staff.import_staff(source=roll(one(role="区域管理员", place=county.west.town.code)))
    assert User.objects.get(staff_number="G001").is_staff is True


def test_passwords_go_into_a_file_for_its_owner_only_and_work_once_logged_in(county, tmp_path):
    source, secret = tmp_path / "roll.csv", tmp_path / "passwords.csv"
    source.write_bytes(roll(one(), one(number="G2", name='李"四', username="", id="")).getvalue())
    out = io.StringIO()
    call_command("import_staff", source, passwords_out=secret, stdout=out)
    assert out.getvalue().startswith("People: 2 added, 0 changed. Posts: 2 added, 0 changed, 0 unchanged.")
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    rows = list(csv.DictReader(io.StringIO(secret.read_text("utf-8-sig"))))
    assert [(row["username"], row["name"]) for row in rows] == [("zhangsan", "张三"), ("G2", '李"四')]
    assert len({row["password"] for row in rows}) == 2
    assert User.objects.get(username="G2").check_password(rows[1]["password"])
    with pytest.raises(CommandError, match="it is not overwritten"):
        call_command("import_staff", source, passwords_out=secret)


def test_initial_hashes_are_replaced_by_full_ones_at_the_first_log_in(settings, rf):
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    password = people.initial_password()
    user = UserFactory(username="new", password=None)
    User.objects.filter(pk=user.pk).update(password=people.initial_hash(password))
    assert f"${people.INITIAL_ITERATIONS}$" in User.objects.get(pk=user.pk).password
    assert authenticate(rf.post("/"), username="new", password=password) == user
    assert f"${people.INITIAL_ITERATIONS}$" not in User.objects.get(pk=user.pk).password


def test_no_passwords_file_no_people(county, tmp_path):
    source = tmp_path / "roll.csv"
    source.write_bytes(roll(one()).getvalue())
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("import_staff", source, passwords_out=tmp_path / "no" / "folder.csv")
    assert not User.objects.filter(staff_number="G001").exists()


def test_the_staff_command_prints_every_mistake(county, tmp_path):
    source, err = tmp_path / "roll.csv", io.StringIO()
    source.write_bytes(roll(one(phone="1"), one(role="x")).getvalue())
    with pytest.raises(CommandError, match=r"Nothing was imported. Mistakes found: 2\."):
        call_command("import_staff", source, stderr=err)
    assert len(err.getvalue().splitlines()) == 2


def test_a_thousand_people_cost_no_more_queries(county, django_assert_max_num_queries):
    rows = [one(number=f"N{n}", username="", id="", phone="") for n in range(1000)]
    with django_assert_max_num_queries(30):  # SQLite takes 999 values a statement
        done = staff.import_staff(source=roll(*rows))
    assert (done.people_added, done.posts_added) == (1000, 1000)


def test_make_admin_lets_the_first_person_in(county, monkeypatch):
    monkeypatch.setenv("GRIDCENTER_PASSWORD", PASSWORD)
    out = io.StringIO()
    call_command("make_admin", "boss", grid=county.root.code, name="周主任", stdout=out)
    assert out.getvalue().strip() == "boss administers 430281000000 醴陵市 and everything below it."
    user = User.objects.get(username="boss")
    assert (user.name, user.is_staff, user.is_superuser) == ("周主任", True, False)
    assert user.check_password(PASSWORD)
    assert user.posts.get().role == "district_admin"
    with pytest.raises(CommandError, match="There is a user “boss” already"):
        call_command("make_admin", "boss", grid=county.root.code)


@pytest.mark.parametrize(
    ("grid", "password", "words"),
    [
        ("nowhere", PASSWORD, "no grid nowhere"),
        (LILING, "short", "too short"),
        (WEST[0], PASSWORD, "level 4"),
    ],
)
def test_make_admin_refuses_in_words_and_makes_nobody(county, monkeypatch, grid, password, words):
    monkeypatch.setenv("GRIDCENTER_PASSWORD", password)
    with pytest.raises(CommandError, match=words):
        call_command("make_admin", "boss", grid=grid)
    assert not User.objects.filter(username="boss").exists()
