"""Who is told of a step: one INSERT … SELECT over today's posts."""

from django.db import connection
from django.utils import timezone

from accounts.roles import WORKER_ROLES
from core.prepared import execute

# action → who is told, beside the new holder when the event has moved on to somebody else
TOLD = {
    "report": ("holder",),
    "settle": (),
    "register": ("reporter",),
    "reject": ("reporter",),
    "merge": ("reporter", "other_reporter"),
    "cancel": ("reporter",),
    "place": (),
    "escalate": (),
    "hand_down": (),
    "dispatch": ("lead", "co_units"),
    "sign": ("centre",),
    "return": ("centre",),
    "co_report": ("lead",),
    "ask_time": ("centre",),
    "grant_time": ("lead",),
    "refuse_time": ("lead",),
    "suspend": ("lead", "reporter"),
    "resume": ("lead",),
    "feed_back": ("centre", "workers"),
    "verify_pass": ("lead", "reporter"),
    "rework": ("lead", "centre"),
    "evaluate": ("centre", "lead"),
    "lapse": (),
    "archive": (),
    "spot_pass": ("reporter",),
    "spot_fail": ("reporter", "centre"),
    "reopen": ("centre", "reporter"),
    "supervise": ("holder",),
    "answer": ("supervisors",),
    "remind": ("asked",),
    "whistle": ("called",),
    "report_in": ("caller",),
    "rate_call": ("rated",),
    "due_soon": ("holder",),
    "overdue": ("holder", "centre"),
    "unanswered": ("supervisors", "asked"),
    "no_show": ("caller", "called"),
    "spot_late": ("centre",),
}

_POSTS = """
SELECT DISTINCT user_id FROM grids_post
WHERE ({where}) AND since <= %s AND (until IS NULL OR until > %s)
"""
_INSERT = """
INSERT INTO events_notice (user_id, event_id, transition_id, action, created_at)
SELECT told.user_id, CAST(%s AS bigint), CAST(%s AS bigint), CAST(%s AS varchar), {stamp} FROM ({told}) told
WHERE told.user_id <> %s
ON CONFLICT (user_id, transition_id) DO NOTHING
"""


def tell(step, row, *, holder_before=None, units=(), users=(), event_id=None):
    """Write the notices of one step: at most one query. `units`, `users`: named by the step's effect."""
    event = step.event
    names = TOLD[step.name]
    unit_ids, user_ids = set(units), set(users)
    for name, value in (("lead", event.lead_id), ("centre", event.centre_id), ("holder", event.holder_id)):
        if name in names and value:
            unit_ids.add(value)
    if holder_before != event.holder_id:
        unit_ids.add(event.holder_id)
    if "reporter" in names and event.reporter_id:
        user_ids.add(event.reporter_id)
    grid_id = event.grid_id if "workers" in names and event.placed else None
    write(row, event_id or event.pk, unit_ids, user_ids, grid_id)


def write(row, event_id, unit_ids, user_ids, grid_id=None):
    """Notices of transition `row` about `event_id` for the people of the units, the grid's workers and `user_ids`."""
    parts, params = [], []
    where = []
    if unit_ids:
        where.append(f"unit_id IN ({', '.join(['%s'] * len(unit_ids))})")
        params.extend(sorted(unit_ids))
    if grid_id:
        where.append(f"(grid_id = %s AND role IN ({', '.join(['%s'] * len(WORKER_ROLES))}))")
        params.extend([grid_id, *sorted(WORKER_ROLES)])
    today = timezone.localdate()
    if where:
        parts.append(_POSTS.format(where=" OR ".join(where)))
        params.extend([today, today])
    if user_ids:
        parts.append(" UNION ".join(["SELECT CAST(%s AS bigint) AS user_id"] * len(user_ids)))
        params.extend(sorted(user_ids))
    if not parts:
        return
    stamp = "%s" if connection.vendor == "sqlite" else "CAST(%s AS timestamptz)"
    sql = _INSERT.format(told=" UNION ".join(parts), stamp=stamp)
    at = connection.ops.adapt_datetimefield_value(row.at)
    with connection.cursor() as cursor:
        execute(cursor, sql, [event_id, row.pk, row.action, at, *params, row.actor_id or 0])
