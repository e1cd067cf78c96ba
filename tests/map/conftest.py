import gzip

import mapbox_vector_tile
import pytest
from django.test import Client

from tests.scenes import Scene


@pytest.fixture
def scene(db):
    return Scene()


@pytest.fixture
def browse():
    """`browse(user)`: a client in which this person has logged in."""

    def client(user=None):
        made = Client()
        if user is not None:
            made.force_login(user)
        return made

    return client


@pytest.fixture
def features(browse):
    """`features(user, "events", z, x, y)`: {layer: [feature]} of a tile as this person gets it."""

    def read(user, layer, z, x, y, **query):
        answer = browse(user).get(f"/map/tiles/{layer}/{z}/{x}/{y}.mvt", query)
        assert answer.status_code == 200, answer.content
        body = gzip.decompress(answer.content) if answer.headers.get("Content-Encoding") == "gzip" else answer.content
        found = mapbox_vector_tile.decode(body, default_options={"y_coord_down": True}) if body else {}
        return {name: found[name]["features"] for name in found}

    return read


def tile_of(lon, lat, z):
    """The column and row of the tile that holds a point."""
    import math

    n = 1 << z
    y = (1 - math.log(math.tan(math.radians(lat)) + 1 / math.cos(math.radians(lat))) / math.pi) / 2
    return z, int((lon + 180) / 360 * n), int(y * n)
