"""The base map by setting: one host in the policy, other coordinate systems told to the pages, nonsense refused in words."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

from core import basemap

WMTS = (
    "https://t0.tianditu.gov.cn/vec_c/wmts?SERVICE=WMTS&REQUEST=GetTile&VERSION=1.0.0&LAYER=vec&STYLE=default"
    "&TILEMATRIXSET=c&FORMAT=tiles&TILEMATRIX={TileMatrix}&TILEROW={TileRow}&TILECOL={TileCol}&tk=abc"
)


def test_a_wmts_template_becomes_one_of_ours_with_its_system_behind():
    told = basemap.told(WMTS, "EPSG:4490")
    assert told.endswith("TILEMATRIX={z}&TILEROW={y}&TILECOL={x}&tk=abc#EPSG:4490")
    assert basemap.told("/tiles/{z}/{x}/{y}.png", "EPSG:3857") == "/tiles/{z}/{x}/{y}.png"
    assert basemap.origin(told) == "https://t0.tianditu.gov.cn"
    assert basemap.origin("/tiles/{z}/{x}/{y}.png") == ""


@pytest.mark.parametrize(
    ("url", "crs", "faults"),
    [
        ("", "nonsense", 0),
        (WMTS, "EPSG:4490", 0),
        ("https://a.example/{z}/{x}.png", "EPSG:3857", 1),
        ("https://{s}.example/{z}/{x}/{y}.png", "EPSG:3857", 1),
        ("ftp://a.example/{z}/{x}/{y}.png", "BD-09", 2),
    ],
)
def test_what_cannot_be_drawn_is_said(url, crs, faults):
    assert len(basemap.faults(url, crs)) == faults


def test_pages_may_ask_the_base_maps_host_and_no_other():
    code = (
        "import django; django.setup(); from django.conf import settings as s; d = s.CONTENT_SECURITY_POLICY['DIRECTIVES'];"
        "print(d['connect-src'][1:], d['img-src'][3:], s.LEAFLET_CONFIG['TILES'])"
    )
    env = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "gridcenter.settings", "GRIDCENTER_MODE": "demo", "DATABASE_URL": "",
        "MAP_TILES_URL": WMTS, "MAP_TILES_CRS": "EPSG:4490",
    }  # fmt: skip
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=settings.BASE_DIR, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['https://t0.tianditu.gov.cn'] ['https://t0.tianditu.gov.cn'] []"
