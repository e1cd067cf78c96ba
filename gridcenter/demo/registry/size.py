"""How many records of each kind a place has."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Size:
    """`people` are those who live here; who died or left comes on top, `gone` per thousand of them."""

    buildings: int
    dwellings: int
    households: int
    people: int
    organisations: int
    special: int
    places: int
    gone: float = 6.0

    def scaled(self, people: int) -> "Size":
        """The same mixture for another number of people."""
        share = people / self.people
        names = ("buildings", "dwellings", "households", "organisations", "special", "places")
        return replace(
            self, people=people, **{name: max(1, round(getattr(self, name) * share)) for name in names}
        )


# What Tianyuan publishes of its registry (issue 3): the mixture of every other place follows it.
TIANYUAN = Size(34_500, 157_200, 131_500, 371_400, 8_600, 886, 523)
PEOPLE = {"tianyuan": 371_400, "liling": 20_000, "sanyuan": 7_300, "aoyang": 20_000, "dongying": 20_000}
FEWEST = 600  # below, the counts of a place cannot be met exactly


def size_of(place: str, people: int | None = None) -> Size | None:
    """None: a registry of nobody."""
    people = PEOPLE[place] if people is None else people
    return TIANYUAN.scaled(people) if people else None
