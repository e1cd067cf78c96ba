"""Compositions: what is refused, and why; the shipped ones are right; one broken by hand leaves no wall dark."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import translation

from gridcenter.screen import layouts, panels
from gridcenter.screen.models import ScreenLayout


def place(panel="late", x=1, y=1, w=6, h=6, **more):
    return {"panel": panel, "x": x, "y": y, "w": w, "h": h, **more}


@pytest.mark.parametrize("code", layouts.SHIPPED)
def test_shipped_compositions_are_right_and_show_what_is_late(code):
    places = layouts.SHIPPED[code]["places"]
    assert panels.faults(places) == []
    assert {"overview", "late", "map", "flow"} <= {one["panel"] for one in places}


@pytest.mark.parametrize(
    ("places", "said"),
    [
        ([], "Expected a list of places, at least one."),
        ({"panel": "late"}, "Expected a list of places, at least one."),
        (["late"], "Place 1: expected exactly: panel, x, y, w, h."),
        ([place(colour="red")], "Place 1: expected exactly: panel, x, y, w, h."),
        ([place("weather")], "Place 1: there is no such panel; there are: " + ", ".join(panels.PANELS) + "."),
        ([place(["late"])], "Place 1: there is no such panel; there are: " + ", ".join(panels.PANELS) + "."),
        ([place(), place(x=7)], "Place 2: late stands there twice."),
        ([place(x=0)], "Place 1: x, y, w and h are whole numbers from 1."),
        ([place(w=6.5)], "Place 1: x, y, w and h are whole numbers from 1."),
        ([place(h=True)], "Place 1: x, y, w and h are whole numbers from 1."),
        ([place(x=20)], "Place 1: it reaches beyond the screen of 24 columns and 24 rows."),
        ([place(h=3)], "Place 1: late needs at least 5 columns and 4 rows."),
        ([place(), place("newest", x=6, y=6)], "Place 2: newest lies upon late."),
    ],
)
def test_what_is_wrong_is_said(places, said):
    with translation.override("en"):
        assert panels.faults(places) == [said]
        with pytest.raises(ValidationError) as refused:
            ScreenLayout(code="mine", name="自定", places=places).clean()
    assert refused.value.message_dict["places"] == [said]


def test_places_side_by_side_are_right_and_become_css():
    places = [place(), place("newest", x=7), place("map", y=7, w=24, h=18)]
    assert panels.faults(places) == []
    assert [panels.area(one) for one in places] == ["1 / 1 / 7 / 7", "1 / 7 / 7 / 13", "7 / 1 / 25 / 25"]


def test_shipped_ones_are_rows_after_migrate_and_what_was_changed_stays(db):
    assert list(ScreenLayout.objects.values_list("code", flat=True)) == ["leader", "street", "emergency"]
    ScreenLayout.objects.filter(code="street").update(name="乡镇版")
    layouts.ship()
    assert ScreenLayout.objects.get(code="street").name == "乡镇版"
    assert ScreenLayout.objects.count() == 3


def test_a_composition_broken_by_hand_is_left_out(db):
    ScreenLayout.objects.filter(code="leader").update(places=[{"panel": "weather"}])
    assert [row.code for row in layouts.offered()] == ["street", "emergency"]
    assert layouts.choose("leader")[0].code == "street"
    ScreenLayout.objects.update(active=False)
    assert [row.code for row in layouts.offered()] == ["leader"]
