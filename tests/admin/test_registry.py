"""The registry in the admin: services write it, nothing private is shown, searched or filtered, classes stay closed."""

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry

from residents import classes
from residents.models import (
    Access,
    Building,
    CareClass,
    CareRecord,
    Change,
    Dwelling,
    GridCount,
    KeyPlace,
    Organisation,
    Resident,
    SupportRecord,
)
from tests.admin.scene import browser, errors, url
from tests.residents.factories import CareClassFactory, CareRecordFactory, ResidentFactory, id_number
from tests.residents.scene import People

pytestmark = pytest.mark.django_db
OURS = [model for model in admin.site._registry if model._meta.app_label == "residents"]


def posted(client, model, pk=None, **values):
    """Post the form as a browser would: what stands in it, with these values."""
    page = url(model, "change", pk) if pk else url(model, "add")
    form = client.get(page).context["adminform"].form
    data = {}
    for bound in form:
        value = bound.value()
        if value not in (None, False, ""):
            data[bound.html_name] = value
    return client.post(page, {k: v for k, v in (data | values).items() if v is not None})


def test_a_record_is_changed_by_its_service_with_history(county, west, rows):
    person = rows[0][Resident]
    client = browser(west)
    answer = posted(client, Resident, person.pk, name="改名", new_phone="13912345678")
    assert answer.status_code == 302, errors(answer)
    person.refresh_from_db()
    assert (person.name, person.phone, person.initials) == ("改名", "13912345678", "gm")
    change = Change.objects.filter(kind="resident", record_id=person.pk).latest("pk")
    assert change.user == west and change.changes["name"][1] == "改名"
    assert change.changes["phone"][1] == "139****5678"
    assert "139****5678" in client.get(url(Resident, "change", person.pk)).content.decode()
    assert not LogEntry.objects.exists()  # it would keep the name for ever


def test_nothing_typed_keeps_what_is_stored(county, west, rows):
    person = rows[0][Resident]
    before = (person.id_number, person.phone, person.birth_date)
    assert posted(browser(west), Resident, person.pk, occupation="教师").status_code == 302
    person.refresh_from_db()
    assert (person.id_number, person.phone, person.birth_date, person.occupation) == (*before, "教师")


def test_wrong_values_are_said_at_their_fields(county, west, rows):
    person = rows[0][Resident]
    answer = posted(browser(west), Resident, person.pk, new_id_number="430281190013010012")
    assert "new_id_number" in errors(answer)
    taken = ResidentFactory(household=rows[1][Resident].household, id_number=id_number()).id_number
    answer = posted(browser(west), Resident, person.pk, new_id_number=taken)
    assert "来龙门" not in str(errors(answer)) and errors(answer)
    assert Resident.objects.get(pk=person.pk).id_number == person.id_number


def test_buildings_doors_and_people_are_added(county, west, rows):
    client, grid = browser(west), county.west.grids[0]
    done = posted(
        client, Building, grid=grid.pk, address="新街9号", storeys=6, units=2, position="113.4051, 27.6052"
    )
    assert done.status_code == 302, errors(done)
    building = Building.objects.get(address="新街9号")
    assert (building.grid, round(building.location.x, 4)) == (grid, 113.4051)
    done = posted(client, Dwelling, building=building.pk, unit="1", storey=3, door="301", dangers=["gas"])
    assert done.status_code == 302, errors(done)
    dwelling = Dwelling.objects.get(building=building)
    assert (dwelling.grid, dwelling.dangers) == (grid, ["gas"])
    assert posted(client, Building, building.pk, position="not here").status_code == 200
    ended = posted(client, Building, building.pk, end_on="2026-01-05", end_reason="征收拆除")
    assert ended.status_code in (200, 302)


def test_a_building_of_the_next_street_cannot_be_chosen(county, west, rows):
    other = rows[1][Building]
    answer = posted(browser(west), Dwelling, building=other.pk, unit="9", storey=1, door="901")
    assert "building" in errors(answer)
    assert not Dwelling.objects.filter(door="901").exists()


@pytest.mark.parametrize("model", [Resident, Dwelling, Organisation, KeyPlace])
def test_nothing_private_is_shown_or_can_be_asked_for(county, west, rows, model):
    row, client = rows[0][model], browser(west)
    shown = (
        client.get(url(model)).content.decode() + client.get(url(model, "change", row.pk)).content.decode()
    )
    for name in ("id_number", "phone", "birth_date", "owner_phone", "responsible_phone"):
        value = getattr(row, name, "")
        assert not value or value not in shown
    for lookup in (
        "id_tag__startswith=a", "phone_tag=x", "tail_tag=x", "birth_month__gte=2000-01-01", "ethnicity=01",
        "ethnicity__exact=01", "grid__path__startswith=/", "head__name=x", "care__care_class=1",
    ):  # fmt: skip
        assert client.get(f"{url(model)}?{lookup}").status_code == 400, lookup


def test_the_list_of_people_opens_on_those_who_live_here(county, west, rows):
    living, dead = rows[0][Resident], ResidentFactory(household=rows[0][Resident].household, name="已故者")
    Resident.objects.filter(pk=dead.pk).update(status="dead")
    client = browser(west)

    def listed(query=""):
        return {row.pk for row in client.get(f"{url(Resident)}{query}").context["cl"].queryset}

    assert (living.pk in listed(), dead.pk in listed()) == (True, False)
    assert listed("?status=dead") == {dead.pk}
    assert listed("?status=departed") == set()
    assert {living.pk, dead.pk} <= listed("?status=all")


def test_ethnicity_is_in_no_list_filter_or_search_of_the_registry():
    for model in OURS:
        page = admin.site._registry[model]
        told = (*page.list_display, *page.list_filter, *page.search_fields)
        assert not [name for name in told if isinstance(name, str) and "ethnicity" in name]


def test_statutory_registers_are_nowhere_in_the_admin(county, whole):
    people = People(county)
    file = people.file()
    from residents.services import support

    support.open_file(actor=people.leader, pk=file.pk, reason="季度随访前查阅")
    client = browser(whole)
    assert SupportRecord not in admin.site._registry
    for model in OURS:
        if model is CareClass:
            continue
        page = client.get(url(model)).content.decode()
        for word in ("严重精神障碍", "季度随访前查阅", "statutory support", "statutory file"):
            assert word not in page, (model, word)
    assert not client.get(url(Change)).context["cl"].queryset.filter(kind="support").exists()
    assert not client.get(url(Access)).context["cl"].queryset.filter(kind="support").exists()
    change = Change.objects.filter(kind="support").first()
    assert client.get(url(Change, "change", change.pk)).status_code == 302


def test_classes_that_administrators_may_not_know_are_hidden(county, whole):
    secret = CareClassFactory(code="only-heads", name="机密类别", roles=["centre_head"])
    record = CareRecordFactory(care_class=secret)
    client = browser(whole)
    assert not client.get(url(CareRecord)).context["cl"].queryset.exists()
    assert client.get(url(CareRecord, "change", record.pk)).status_code == 302
    assert "机密类别" not in client.get(url(CareRecord, "add")).content.decode()
    assert not client.get(url(GridCount)).context["cl"].queryset.filter(measure__startswith="care").exists()


def test_an_entry_is_added_changed_and_ended(county, west, rows):
    classes.load(CareClass)
    client, person = browser(west), rows[0][Resident]
    page = f"{url(CareRecord, 'add')}?class=disabled"
    assert "Kind of disability" in client.get(page).content.decode()
    given = {
        "resident": person.pk,
        "since": "2026-02-01",
        "attention": 2,
        "visit_days": 30,
        "responsible": "",
    }
    wrong = client.post(page, given)
    assert {"own_type", "own_grade"} <= set(errors(wrong))
    assert client.post(page, given | {"own_type": "视力", "own_grade": "一级"}).status_code == 302
    entry = CareRecord.objects.get(care_class__code="disabled")
    assert entry.values == {"type": "视力", "grade": "一级"}
    done = posted(client, CareRecord, entry.pk, own_grade="二级", visit_days=60)
    assert done.status_code == 302, errors(done)
    entry.refresh_from_db()
    assert (entry.values["grade"], entry.visit_days) == ("二级", 60)
    assert posted(client, CareRecord, entry.pk, end_on="2026-03-01", reason="残疾证注销").status_code == 302
    entry.refresh_from_db()
    assert str(entry.until) == "2026-03-01"
    assert client.post(url(CareRecord, "change", entry.pk), {"attention": 1}).status_code == 403


def class_data(**more):
    given = {
        "code": "bereaved", "name": "失独家庭", "group": "care", "purpose": "走访帮扶",
        "legal_basis": "人口与计划生育法第四十三条", "roles": ["worker_full"],
        "visit_days": 60, "keep_days": 365, "order": 500, "active": "on",
        "f0_label": "联系人", "f0_kind": "text", "f1_label": "补助类别", "f1_kind": "choice", "f1_required": "on",
        "f1_choices": "定额，临时、其他",
    }  # fmt: skip
    return given | more


def test_a_class_is_added_without_code(county, west, whole):
    assert browser(west).get(url(CareClass, "add")).status_code == 403
    client = browser(whole)
    for missing in ("purpose", "legal_basis"):
        assert missing in errors(client.post(url(CareClass, "add"), class_data(**{missing: ""})))
    assert "__all__" in errors(client.post(url(CareClass, "add"), class_data(f1_choices="")))
    done = client.post(url(CareClass, "add"), class_data())
    assert done.status_code == 302, errors(done)
    made = CareClass.objects.get(code="bereaved")
    assert [(f["name"], f["label"], f["kind"], f["required"], f["choices"]) for f in made.fields] == [
        ("field_1", "联系人", "text", False, []),
        ("field_2", "补助类别", "choice", True, ["定额", "临时", "其他"]),
    ]
    page = client.get(url(CareClass, "change", made.pk))
    assert "补助类别" in page.content.decode() and "&quot;label&quot;" not in page.content.decode()
    few = posted(client, CareClass, made.pk, f1_choices_en="fixed, temporary")
    assert "__all__" in errors(few)
    answer = posted(
        client, CareClass, made.pk, f0_label="监护人", f2_label="电话", f2_kind="phone", name_en="Bereaved",
        f1_label_en="Subsidy", f1_choices_en="fixed, temporary, other",
    )  # fmt: skip
    assert answer.status_code == 302, errors(answer)
    made.refresh_from_db()
    assert [f["label"] for f in made.fields] == ["监护人", "补助类别", "电话"]
    english = ("Bereaved", "Subsidy", ["fixed", "temporary", "other"])
    assert (str(made), made.fields[1]["label_en"], made.fields[1]["choices_en"]) == english
    assert [f["name"] for f in made.fields] == ["field_1", "field_2", "field_3"]


@pytest.mark.parametrize("model", OURS, ids=lambda model: model.__name__)
def test_nothing_of_the_registry_is_deleted_here(county, whole, rows, model):
    row = model.objects.first() or rows[0].get(model)
    if model._meta.model_name == "datagrant":
        return
    assert browser(whole).post(url(model, "delete", row.pk), {"post": "yes"}).status_code == 403
    assert model.objects.filter(pk=row.pk).exists()


def test_phones_of_own_fields_stand_masked_in_the_admin_and_are_written_blind(county, west, rows):
    classes.load(CareClass)
    solitary = CareClass.objects.get(code="solitary_elderly")
    entry = CareRecordFactory(
        resident=rows[0][Resident], care_class=solitary, grid=rows[0][Resident].grid, visit_days=7
    )
    entry.seal({"contact": "钱小", "contact_phone": "13811112222"})
    entry.save()
    client = browser(west)
    page = client.get(url(CareRecord, "change", entry.pk)).content.decode()
    assert "13811112222" not in page and "138****2222" in page
    assert posted(client, CareRecord, entry.pk, visit_days=9).status_code == 302
    entry.refresh_from_db()
    assert (entry.visit_days, entry.values["contact_phone"]) == (9, "13811112222")
    assert "own_contact_phone" in errors(posted(client, CareRecord, entry.pk, own_contact_phone="12"))
    assert posted(client, CareRecord, entry.pk, own_contact_phone="13900001111").status_code == 302
    entry.refresh_from_db()
    assert entry.values == {"contact": "钱小", "contact_phone": "13900001111"}


# ---- who may know of a statutory register


def statutory():
    classes.load(CareClass)
    return CareClass.objects.get(code="mental_disorder")


def test_an_administrator_does_not_let_an_own_role_into_a_statutory_register(county, whole):
    register, client = statutory(), browser(whole)
    before = register.roles
    for roles in ([*before, "district_admin"], ["district_admin"]):
        answer = posted(client, CareClass, register.pk, roles=roles)
        assert answer.status_code == 200 and list(errors(answer)) == ["roles"]
    register.refresh_from_db()
    assert register.roles == before
    made = class_data(group="statutory", roles=["worker_full", "district_admin"])
    assert "roles" in errors(client.post(url(CareClass, "add"), made))
    assert not CareClass.objects.filter(code="bereaved").exists()
    assert not Access.objects.exists()


def test_a_post_of_tomorrow_or_at_a_unit_is_an_own_role_too(county, whole):
    from tests.factories import PostFactory

    PostFactory(user=whole, role="grid_leader", grid=county.west.grids[0], since="2099-01-01")
    PostFactory(user=whole, role="inspector", grid=county.west.town, since="2020-01-01", until="2021-01-01")
    register = statutory()
    CareClass.objects.filter(pk=register.pk).update(roles=["centre_head"])
    answer = posted(browser(whole), CareClass, register.pk, roles=["centre_head", "grid_leader"])
    assert list(errors(answer)) == ["roles"]
    assert posted(browser(whole), CareClass, register.pk, roles=["centre_head", "inspector"]).status_code == 302
    assert posted(browser(whole), CareClass, register.pk, roles=["inspector"]).status_code == 302


def test_every_change_of_a_class_s_roles_is_where_supervisors_look(county, whole):
    register, client = statutory(), browser(whole)
    CareClass.objects.filter(pk=register.pk).update(roles=["grid_leader", "centre_head"])
    assert posted(client, CareClass, register.pk, visit_days=20).status_code == 302
    assert not Access.objects.exists()
    assert posted(client, CareClass, register.pk, roles=["grid_leader", "inspector"]).status_code == 302
    row = Access.objects.get()
    assert (row.act, row.kind, row.record_id, row.user, row.address) == (
        "roles", "class", register.pk, whole, "127.0.0.1",
    )  # fmt: skip
    assert row.fields == [["centre_head", "grid_leader"], ["grid_leader", "inspector"]]
    told = row.told
    assert told.count("→") == 1 and "Supervisor" not in told.split("→")[0] and "Supervisor" in told.split("→")[1]
    supervisor = county.person("inspector", grid=county.west.grids[0].parent.parent.parent)
    assert told not in browser(supervisor).get("/registry/access/").content.decode()
    top = county.person("inspector", grid=whole.posts.get(role="district_admin").grid)
    page = browser(top).get("/registry/access/").content.decode()
    assert told in page and f"#{register.pk}" in page and register.name not in page
    assert told in client.get(url(Access)).content.decode()
    made = client.post(url(CareClass, "add"), class_data())
    assert made.status_code == 302
    assert Access.objects.latest("pk").fields == [[], ["worker_full"]]


def test_the_admin_tells_own_fields_of_an_entry_from_and_to(county, west, rows):
    from residents.services import care as registers

    classes.load(CareClass)
    person, solitary = rows[0][Resident], CareClass.objects.get(code="solitary_elderly")
    given = {"contact": "钱小", "contact_phone": "13811112222"}
    entry = registers.begin(actor=county.worker, resident=person, care_class=solitary, data=given)
    registers.change(entry, actor=county.worker, data={"contact": "钱大", "contact_phone": "13900001111"})
    client = browser(west)
    change = Change.objects.filter(kind="care", record_id=entry.pk).latest("pk")
    for page in (url(CareRecord, "change", entry.pk), url(Change, "change", change.pk)):
        shown = client.get(page).content.decode()
        assert "钱小 → 钱大" in shown and "138****2222 → 139****1111" in shown, page
        assert "13811112222" not in shown and "13900001111" not in shown


def test_a_street_s_administrator_sees_no_statutory_class_that_they_may_not_know(county, west, whole):
    register = statutory()

    def seen(user):
        client = browser(user)
        asked = {"app_label": "residents", "model_name": "carerecord", "field_name": "care_class", "term": "精神"}
        return (
            register.name in client.get(url(CareClass)).content.decode(),
            client.get(url(CareClass, "change", register.pk)).status_code,
            register.name in client.get("/admin/autocomplete/", asked).content.decode(),
        )

    assert seen(west)[:2] == (False, 302) and not seen(west)[2]
    assert seen(whole)[:2] == (True, 200)
    assert "残疾人" in browser(west).get(url(CareClass)).content.decode()
    CareClass.objects.filter(pk=register.pk).update(roles=["district_admin"])
    assert seen(west)[:2] == (True, 200)
