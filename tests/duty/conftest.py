import pytest

from tests.scenes import Scene


@pytest.fixture
def scene(db):
    made = Scene()
    made.people["head_station"] = made.person("centre_head", unit=made.west.station)
    made.people["head_east"] = made.person("centre_head", unit=made.east.station)
    made.people["admin_west"] = made.person("district_admin", grid=made.west.town)
    made.people["mate"] = made.person("operator", unit=made.west.station)
    return made
