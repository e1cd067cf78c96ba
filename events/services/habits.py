"""What similar events got, counted anew from the record: words, places, lead units, steps. Run every night.

A habit is a plain count that can be said in a sentence; nothing of it is ever applied by itself (events.suggestions).
"""

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.utils import timezone

from events.models import LeadHabit, MoveHabit, PlaceHabit, WordHabit
from events.workflow import SYSTEM_ACTIONS, UNNUMBERED

DAYS = 365
MOST_EVENTS = 200_000  # the newest ones: more teach nothing new
MOST_LETTERS = 80  # of a description: what it is about stands at its beginning
LEAST = 2  # a word once seen is chance
STEP_DAYS = 90

_TOLD = """
told AS (
  SELECT e.id, e.grid_id, s.code, substr(e.description, 1, {letters}) AS text
  FROM events_event e JOIN events_standard s ON s.id = e.standard_id
  WHERE e.registered_at >= %s AND e.status NOT IN ({unnumbered}) ORDER BY e.id DESC LIMIT {most}
)"""
# Each wording is taken apart once, however many events have it.
_WORDS = """
WITH RECURSIVE at(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM at WHERE i < {letters} - 1), {told},
texts AS (SELECT code, text, COUNT(*) AS events FROM told GROUP BY code, text)
INSERT INTO events_wordhabit (word, code, events)
SELECT word, code, SUM(events) FROM (
  SELECT DISTINCT texts.code, texts.text, texts.events, substr(texts.text, at.i, 2) AS word
  FROM texts JOIN at ON at.i < length(texts.text)
) words
WHERE substr(word, 1, 1) {bytes} BETWEEN '㐀' AND '鿿' AND substr(word, 2, 1) {bytes} BETWEEN '㐀' AND '鿿'
GROUP BY word, code HAVING SUM(events) >= {least}
"""
_PLACES = """
WITH {told}
INSERT INTO events_placehabit (path, code, events)
SELECT v.path, told.code, COUNT(*) FROM told
JOIN grids_grid g ON g.id = told.grid_id AND g.level = 4 JOIN grids_grid v ON v.id = g.parent_id
GROUP BY v.path, told.code
"""
_LEADS = """
INSERT INTO events_leadhabit (code, path, unit_id, dispatched, kept)
SELECT s.code, t.path, a.unit_id, COUNT(*), SUM(CASE WHEN a.outcome = 'returned' THEN 0 ELSE 1 END)
FROM events_assignment a JOIN events_event e ON e.id = a.event_id JOIN events_standard s ON s.id = e.standard_id
JOIN grids_grid g ON g.id = e.grid_id AND g.level = 4
JOIN grids_grid v ON v.id = g.parent_id JOIN grids_grid t ON t.id = v.parent_id
WHERE a.lead AND a.dispatched_at >= %s GROUP BY s.code, t.path, a.unit_id
"""
_MOVES = """
INSERT INTO events_movehabit (status, action, steps)
SELECT source, action, COUNT(*) FROM events_transition
WHERE at >= %s AND source <> '' AND action NOT IN ({clock}) GROUP BY source, action
"""


@dataclass(frozen=True)
class Learned:
    """How many rows each kind of habit has now."""

    words: int
    places: int
    leads: int
    moves: int


@transaction.atomic
def learn(now=None) -> Learned:
    """Count everything anew: in one transaction, so that a reader sees the old counts or the new ones."""
    now = now or timezone.now()
    year, quarter = (_moment(now - timedelta(days=days)) for days in (DAYS, STEP_DAYS))
    fills = ((WordHabit, _WORDS, year), (PlaceHabit, _PLACES, year), (LeadHabit, _LEADS, year), (MoveHabit, _MOVES, quarter))
    for model, sql, since in fills:
        model.objects.all().delete()
        _fill(sql, since)
    return Learned(*(model.objects.count() for model, _sql, _since in fills))


def _fill(sql, since):
    parts = {"letters": MOST_LETTERS, "most": MOST_EVENTS, "unnumbered": _listed(UNNUMBERED)}
    statement = sql.format(
        told=_TOLD.format(**parts).strip(), letters=MOST_LETTERS, least=LEAST, clock=_listed(SYSTEM_ACTIONS),
        bytes='COLLATE "C"' if connection.vendor == "postgresql" else "",
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [since])


def _moment(at):
    return connection.ops.adapt_datetimefield_value(at)


def _listed(words) -> str:
    return ", ".join(f"'{word}'" for word in sorted(words))
