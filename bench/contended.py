"""Four operators press the same button at once: `python -m bench.contended`. One wins, the rest are told 409."""

import time
from collections import Counter

from bench import client, courses, data, measure, seed
from bench.client import request
from bench.server import Server

PEOPLE, CASES = 4, 60


def contend(options) -> list[measure.Figure]:
    found = []
    for events in options.events:
        with data.fresh(events) as database, Server(database) as server:
            found.append(_cases(events, database, server))
    return found


def _cases(events, database, server):
    """All four stand on connections of their own; the answers of every case are counted."""
    cases = courses.waiting(database)[:CASES]
    times, statuses, wrong = [], Counter(), 0
    for pk, standard, operator, _worker in cases:
        body = {"action": "register", "standard": standard, "urgency": "normal"}
        raw = request("POST", f"{courses.API}/events/{pk}/steps/", token=seed.token(operator), body=body)
        began = time.perf_counter()
        answers = client.together(server.port, [raw] * PEOPLE)
        times.append(time.perf_counter() - began)
        got = Counter(answer.status for answer in answers)
        statuses += got
        wrong += got != Counter({200: 1, 409: PEOPLE - 1})
    written = data.run(
        database,
        "SELECT count(*) FROM events_transition WHERE action = 'register' AND event_id = ANY(%s)",
        [[case[0] for case in cases]],
    )[0][0]
    made = measure.Figure("contended step, 4 people", events, len(cases) * PEOPLE)
    made.median, made.p95 = (measure.quantile(times, share) * 1000 for share in (0.5, 0.95))
    made.statuses, made.failures = dict(statuses), wrong
    made.faults = sum(count for status, count in statuses.items() if status >= 500)
    made.facts = {"cases": len(cases), "steps_written": written, "answers": dict(statuses)}
    return made


if __name__ == "__main__":
    options = measure.arguments(__doc__)
    measure.show(contend(options), options)
