"""What the clients ask for: the floor, and the product's requests in the names of the seeded people."""

import uuid
from itertools import count, cycle

from bench import data, seed
from bench.client import Course, Script, request

API = "/api/v1"
BUREAU = 9001  # the first department's id (sql/territory.sql)


def repeat(raws) -> Script:
    """The same requests again and again."""
    turn = cycle(raws)
    while True:
        yield next(turn)


def insert_floor() -> Course:
    raw = request("POST", "/bench/insert/", body={"text": "井盖缺失，行人注意", "amount": 3})
    return Course("floor", lambda number: repeat([raw]), frozenset({201}))


def select_floor(rows: int) -> Course:
    raw = request("GET", f"/bench/select/{rows}/")
    return Course(f"floor {rows}", lambda number: repeat([raw]), floor=f"floor {rows}")


def logins(role: str, number: int, clients: int) -> list[str]:
    """Tokens for one client out of LOGINS of a role: `top` the county's operators, `station` operators of villages,
    `bureau` the staff of the first department."""
    first_village = 2 + seed.AREAS + seed.TOWNS
    name = {
        "top": lambda i: f"top_{1 + i}",
        "station": lambda i: f"operator_{first_village + i}",
        "bureau": lambda i: f"staff_{seed.DEPARTMENTS * i}",
    }[role]
    return [seed.token(name(i)) for i in range(number, seed.LOGINS, clients)]


def reads(name: str, role: str, paths: list[str], *, clients: int = 8, floor: str = "floor 20") -> Course:
    """GET `paths` in turn, in the name of each of the role's logins in turn."""

    def script(number):
        tokens = logins(role, number, clients)
        return repeat([request("GET", path, token=token) for path in paths for token in tokens])

    return Course(name, script, clients=clients, floor=floor)


def stations(database: str) -> list[tuple]:
    """(operator's name, worker's name, grid id, longitude, latitude of a point in it) of every grid."""
    return data.run(
        database,
        "SELECT 'operator_' || parent_id, 'worker_' || id, id, ST_X(ST_Centroid(boundary)), ST_Y(ST_Centroid(boundary)) "
        "FROM grids_grid WHERE level = 4 ORDER BY id",
    )


def reports(database: str, clients: int = 8) -> Course:
    """POST events/ by the grids' workers, each time another one, with a point, a standard and a key."""
    places = stations(database)
    standards = data.run(
        database, "SELECT id FROM events_standard WHERE valid_until IS NULL AND NOT photos_required ORDER BY code"
    )

    run = uuid.uuid4().hex[:12]  # keys of another pass would answer with its events

    def script(number):
        for turn in count(number, clients):
            _operator, worker, _grid, lon, lat = places[turn % len(places)]
            body = {
                "description": "井盖缺失，行人注意，已放置警示标志", "place": "菜市场门口",
                "standard": standards[turn % len(standards)][0], "urgency": "normal",
                "location": {"lon": lon + turn % 40 / 10_000, "lat": lat}, "key": f"{run}-{turn}",
            }  # fmt: skip
            yield request("POST", f"{API}/events/", token=seed.token(worker), body=body)

    return Course("report", script, frozenset({201}), clients)


def waiting(database: str) -> list[tuple]:
    """(event id, standard id, operator's name, worker's name) of events that await registration."""
    return data.run(
        database,
        "SELECT id, standard_id, 'operator_' || holder_id, 'worker_' || grid_id FROM events_event "
        "WHERE status = 'reported' ORDER BY id",
    )


def steps_of(event: int, standard: int, operator: str, worker: str, turn: int):
    """(name of who, body) of the six steps after the report."""
    bureau = turn % seed.DEPARTMENTS
    staff = f"staff_{bureau + seed.DEPARTMENTS * (turn % seed.LOGINS)}"
    yield operator, {"action": "register", "standard": standard, "urgency": "normal"}
    yield operator, {"action": "dispatch", "lead": BUREAU + bureau}
    yield staff, {"action": "sign"}
    yield staff, {"action": "feed_back", "words": "已更换井盖，恢复通行"}
    yield worker, {"action": "verify_pass", "words": "现场已恢复", "location": {"lon": 113.5, "lat": 27.7}}
    yield worker, {"action": "evaluate", "stars": 5, "words": "很快"}


def steps(database: str, clients: int = 8) -> Course:
    """POST events/ID/steps/: each client leads events of its own through all steps, one after the other."""
    events = waiting(database)

    def script(number):
        for turn, (pk, standard, operator, worker) in enumerate(events[number::clients]):
            for who, body in steps_of(pk, standard, operator, worker, turn):
                body["key"] = f"{pk}-{body['action']}"
                yield request("POST", f"{API}/events/{pk}/steps/", token=seed.token(who), body=body)

    return Course("step", script, clients=clients)
