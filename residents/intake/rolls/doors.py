"""Which building and which door a row names, within the grid of the row."""

from residents.intake.rolls.base import Line, pieces
from residents.models import Building, Dwelling

KEYS = {"grid", "building_estate", "building_number", "building_address", "dwelling_unit", "dwelling_door"}


def address_of(values: dict) -> str:
    """As residents.intake.cleaner makes a building's address."""
    number = values.get("building_number", "")
    return values.get("building_address") or (f"{values.get('building_estate', '')}{number}" if number else "")


class Doors:
    """The buildings and doors that the rows of a file name: two queries for a piece of it. `grids`: where they may lie."""

    def __init__(self, lines: list[Line], grids: list[int]):
        grids = {line.grid_id for line in lines} & set(grids)
        addresses = {address_of(line.values) for line in lines}
        self.buildings: dict[tuple, Building] = {}
        for piece in pieces(addresses):
            for row in Building.objects.current().filter(address__in=piece, grid_id__in=grids).defer("location"):
                self.buildings[row.grid_id, row.address] = row
        self.doors: dict[tuple, int] = {}
        wanted = {line.values["dwelling_door"] for line in lines if "dwelling_door" in line.values}
        for piece in pieces(row.pk for row in self.buildings.values()) if wanted else ():
            rows = Dwelling.objects.current().filter(building_id__in=piece)
            for pk, building, unit, door in rows.values_list("pk", "building_id", "unit", "door"):
                if door in wanted:
                    self.doors[building, unit, door] = pk

    def building(self, line: Line) -> Building | None:
        found = self.buildings.get((line.grid_id, address_of(line.values)))
        if found is None:
            line.wrong("building_number", "no_building")
        return found

    def dwelling(self, line: Line) -> int | None:
        building = self.building(line)
        if building is None:
            return None
        said = line.values
        found = self.doors.get((building.pk, said.get("dwelling_unit", ""), said["dwelling_door"]))
        if found is None:
            line.wrong("dwelling_door", "no_dwelling")
        return found

    def title(self, line: Line) -> str:
        said = line.values
        unit = f"{said['dwelling_unit']}单元" if said.get("dwelling_unit") else ""
        return f"{address_of(said)} {unit}{said['dwelling_door']}"
