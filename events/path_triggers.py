"""A grid that is moved below another parent takes what is still going on in it along, on both databases.

Who sees an event is told by its path: with the old one, the station it lies with and the grid's workers, whose own paths
follow the tree at once, would lose it. What has ended stays where it was.
"""

from events.workflow import OPEN, SPOT_WAITING

_OPEN = ", ".join(f"'{status.value}'" for status in OPEN)
_WAITING = ", ".join(f"'{state.value}'" for state in SPOT_WAITING)
# Each by an index of its own: events_event_waiting and events_event_spot.
_WHICH = (f"path = OLD.path AND status IN ({_OPEN})", f"path = OLD.path AND spot_state IN ({_WAITING})")
_NOW = "(SELECT path FROM grids_grid WHERE id = NEW.id)"  # not NEW.path: SQLite corrects a path from inside a trigger
_FOLLOW = " ".join(
    f"INSERT INTO events_figuretouch (event_id) SELECT id FROM events_event WHERE {which}; "
    f"UPDATE events_event SET path = {_NOW} WHERE {which};"
    for which in _WHICH
)


def install(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(
            "CREATE OR REPLACE FUNCTION events_event_follow() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN {_FOLLOW} RETURN NULL; END $$",
            params=None,
        )
        schema_editor.execute(
            "CREATE TRIGGER events_event_follow AFTER UPDATE OF parent_id, level, path ON grids_grid "
            "FOR EACH ROW WHEN (OLD.path <> NEW.path) EXECUTE FUNCTION events_event_follow()"
        )
        return
    schema_editor.execute(
        "CREATE TRIGGER events_event_follow AFTER UPDATE OF path ON grids_grid WHEN OLD.path <> NEW.path "
        f"BEGIN {_FOLLOW} END"
    )


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute("DROP TRIGGER IF EXISTS events_event_follow ON grids_grid")
        schema_editor.execute("DROP FUNCTION IF EXISTS events_event_follow()")
        return
    schema_editor.execute("DROP TRIGGER IF EXISTS events_event_follow")
