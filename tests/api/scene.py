"""Events for the tests of the REST API."""

from events import services

URL = "/api/v1/events/"


def report(county, actor=None, at=None, **supplied):
    actor = actor or county.worker
    supplied.setdefault("location", county.west.point)
    return services.report(actor=actor, description="井盖缺失", **supplied).event


def walked(county, *actions):
    """An event taken through these steps."""
    event = report(county)
    people = {
        "register": (county.operator, {"standard": county.standard.pk, "urgency": "normal"}),
        "dispatch": (county.operator, {"lead": county.urban.pk, "co_units": [county.police.pk]}),
        "sign": (county.staff, {}),
        "feed_back": (county.staff, {"words": "已更换"}),
        "verify_pass": (county.worker, {"words": "已恢复", "location": county.west.point}),
    }
    for action in actions:
        actor, supplied = people[action]
        event = services.advance(event_id=event.pk, action=action, actor=actor, **supplied).event
    return event


def pages_of(client, **query):
    """All pages forwards and all pages backwards, as lists of ids."""
    forward, backward = [], []
    answer = client.get(URL, query).json()
    while True:
        forward.append([row["id"] for row in answer["results"]])
        if answer["next"] is None:
            break
        answer = client.get(answer["next"]).json()
    while True:
        backward.insert(0, [row["id"] for row in answer["results"]])
        if answer["previous"] is None:
            break
        answer = client.get(answer["previous"]).json()
    return forward, backward
