"""Report an event through the API: `python -m bench.report`."""

from bench import courses, measure


def make(database):
    return [courses.insert_floor(), courses.reports(database)]


if __name__ == "__main__":
    options = measure.arguments(__doc__)
    measure.show(measure.interleave(make, options), options)
