"""One event with all that belongs to it: `python -m bench.detail`."""

from bench import courses, data, measure


def make(database):
    rows = data.run(database, "SELECT id FROM events_event WHERE id %% 97 = 5 ORDER BY id DESC LIMIT 400", [])
    paths = [f"{courses.API}/events/{pk}/" for (pk,) in rows]
    return [courses.select_floor(20), courses.reads("detail", "top", paths)]


if __name__ == "__main__":
    options = measure.arguments(__doc__)
    measure.show(measure.interleave(make, options), options)
