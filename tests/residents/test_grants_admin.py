"""Grants of base data in the admin: given in the own subtree, ended, never widened or made longer."""

from datetime import timedelta

import pytest
from django.utils import timezone

from residents.models import DataGrant
from tests.admin.scene import administrator, browser, url
from tests.factories import UnitFactory

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture
def squads(county):
    return [
        UnitFactory(
            name=f"{street.town.name}中队", kind="department", department_kind=county.kind, grid=street.town
        )
        for street in (county.west, county.east)
    ]


def filled(unit, **more):
    return {
        "unit": unit.pk, "fields": ["phone_masked", "name"], "purpose": "高龄津贴发放核对",
        "legal_basis": "老年人权益保障法第三十三条", "since": TODAY, "until": TODAY + timedelta(days=30),
    } | more  # fmt: skip


def test_a_grant_is_given_and_ended(county, squads):
    person = administrator(county.west.town)
    client, (west, east) = browser(person), squads
    page = client.get(url(DataGrant, "add")).content.decode()
    assert west.name in page and east.name not in page
    for wrong in (
        filled(east),
        filled(west, fields=["ethnicity"]),
        filled(west, until=TODAY),
        filled(west, purpose="x"),
    ):
        assert client.post(url(DataGrant, "add"), wrong).status_code == 200
    assert not DataGrant.objects.exists()
    assert client.post(url(DataGrant, "add"), filled(west)).status_code == 302
    grant = DataGrant.objects.get()
    assert (grant.unit, grant.fields, grant.granted_by) == (west, ["name", "phone_masked"], person)
    change = url(DataGrant, "change", grant.pk)
    later = {"until": TODAY + timedelta(days=60), "fields": ["id_number"], "purpose": "别的用途"}
    assert client.post(change, later).status_code == 200
    assert client.post(change, later | {"until": TODAY + timedelta(days=1)}).status_code == 302
    grant.refresh_from_db()
    assert (grant.until, grant.fields, grant.purpose) == (
        TODAY + timedelta(days=1),
        ["name", "phone_masked"],
        "高龄津贴发放核对",
    )


def test_a_grant_that_was_in_force_stays_as_a_record(county, squads):
    client = browser(administrator(county.west.town))
    given = {name: value for name, value in filled(squads[0]).items() if name not in ("unit", "since")}
    old = DataGrant.objects.create(unit=squads[0], since=TODAY - timedelta(days=1), **given)
    new = DataGrant.objects.create(unit=squads[0], since=TODAY, **given)
    for grant in (old, new):
        client.post(url(DataGrant, "delete", grant.pk), {"post": "yes"})
    assert DataGrant.objects.get() == old
    other = DataGrant.objects.create(unit=squads[1], since=TODAY, **given)
    assert "来龙门" not in client.get(url(DataGrant)).content.decode()
    assert client.get(url(DataGrant, "change", other.pk)).status_code == 302
