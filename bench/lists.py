"""Lists of events with filters, 20 and 100 rows, first page and deep by cursor: `python -m bench.lists`."""

import base64
import json
from datetime import UTC, datetime, timedelta

from bench import courses, data, measure, seed

TOWN = 2 + seed.AREAS  # the first town's id
VILLAGE = TOWN + seed.TOWNS

# name, who asks, filters
LISTS = (
    ("all", "top", ""),
    ("deep", "top", "cursor={deep}"),
    ("finished", "top", "status=closed&status=evaluated"),
    ("town, late", "top", f"grid={TOWN}&late=true"),
    ("urgent first", "top", "open=yes&ordering=due"),
    ("urgent first, deep", "top", "open=yes&ordering=due&cursor={deep_due}"),
    ("red light", "top", "light=red&ordering=due"),
    ("class, month", "top", "standard=E0&reported_from={month_ago}&urgency=urgent"),
    ("frequent word", "top", "q=门前"),
    ("rare word", "top", "q=777号"),
    ("station", "station", ""),
    ("station, to register", "station", "status=reported"),
    ("department", "bureau", ""),
    ("department, in work", "bureau", "status=handling&ordering=due"),
)
LONG = ("all", "deep", "finished", "urgent first", "station", "department")


def cursor(*parts) -> str:
    """As core.api.pagination makes them."""
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).rstrip(b"=").decode()


def make(database):
    last = data.run(database, "SELECT max(id) FROM events_event")[0][0]
    due_at, pk = data.run(
        database,
        "SELECT due_at, id FROM events_event WHERE due_at IS NOT NULL ORDER BY due_at, id "
        "OFFSET (SELECT count(due_at) * 9 / 10 FROM events_event) LIMIT 1",
    )[0]
    words = {
        "deep": cursor("-id", "n", last // 10),
        "deep_due": cursor("due", "n", due_at.astimezone(UTC).isoformat(), pk),
        "month_ago": (datetime.now(tz=UTC) - timedelta(days=30)).date(),
    }
    found = [courses.select_floor(20), courses.select_floor(100)]
    for rows in (20, 100):
        for name, role, query in LISTS:
            if rows == 20 or name in LONG:
                path = f"{courses.API}/events/?page_size={rows}&{query.format(**words)}".rstrip("&")
                found.append(courses.reads(f"{rows} {name}", role, [path], floor=f"floor {rows}"))
    return found


if __name__ == "__main__":
    options = measure.arguments(__doc__, seconds=2.0)
    measure.show(measure.interleave(make, options), options)
