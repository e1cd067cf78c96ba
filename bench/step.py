"""Take a step: each client leads events through all six: `python -m bench.step`."""

from bench import courses, measure


def make(database):
    return [courses.insert_floor(), courses.steps(database)]


if __name__ == "__main__":
    options = measure.arguments(__doc__)
    measure.show(measure.interleave(make, options), options)
