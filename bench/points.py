"""All open events as points of the map: `python -m bench.points`.

One client for the time of an answer, eight for the rate.
"""

from bench import courses, measure

PATH = f"{courses.API}/events/map/"


def make(_database):
    return [
        courses.select_floor(20),
        courses.reads("points, one client", "top", [PATH], clients=1),
        courses.reads("points, eight clients", "top", [PATH]),
    ]


if __name__ == "__main__":
    options = measure.arguments(__doc__)
    measure.show(measure.interleave(make, options), options)
