"""The counts beside the worklists: `python -m bench.counts`."""

from bench import courses, measure

PATH = f"{courses.API}/events/counts/"


def make(_database):
    who = ("top", "station", "bureau")
    return [courses.select_floor(20), *(courses.reads(f"counts, {role}", role, [PATH]) for role in who)]


if __name__ == "__main__":
    options = measure.arguments(__doc__)
    measure.show(measure.interleave(make, options), options)
