"""Every change of a calendar day leaves a `ChangedDay`: what of the change matters for deadlines, on both databases."""

_PG_FUNCTION = """
CREATE OR REPLACE FUNCTION events_note_changed_day() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP <> 'INSERT' THEN INSERT INTO events_changedday (date) VALUES (OLD.date); END IF;
  IF TG_OP <> 'DELETE' AND (TG_OP = 'INSERT' OR NEW.date <> OLD.date) THEN
    INSERT INTO events_changedday (date) VALUES (NEW.date);
  END IF;
  RETURN NULL;
END $$
"""
_WHEN = "WHEN (OLD.date <> NEW.date OR OLD.working <> NEW.working)"
_NOTE = "INSERT INTO events_changedday (date) VALUES ({});"


def install(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        schema_editor.execute(_PG_FUNCTION, params=None)
        for name, event, when in (("changed", "INSERT OR DELETE", ""), ("turned", "UPDATE", _WHEN)):
            schema_editor.execute(
                f"CREATE TRIGGER events_calendarday_{name} AFTER {event} ON events_calendarday "
                f"FOR EACH ROW {when} EXECUTE FUNCTION events_note_changed_day()"
            )
        return
    for event, when, notes in (
        ("INSERT", "", ("NEW.date",)), ("DELETE", "", ("OLD.date",)), ("UPDATE", _WHEN, ("OLD.date", "NEW.date")),
    ):  # fmt: skip
        body = " ".join(_NOTE.format(day) for day in notes)
        schema_editor.execute(
            f"CREATE TRIGGER events_calendarday_noted_{event.lower()} AFTER {event} ON events_calendarday {when} "
            f"BEGIN {body} END"
        )


def remove(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in ("changed", "turned"):
            schema_editor.execute(f"DROP TRIGGER IF EXISTS events_calendarday_{name} ON events_calendarday")
        schema_editor.execute("DROP FUNCTION IF EXISTS events_note_changed_day()")
        return
    for event in ("insert", "delete", "update"):
        schema_editor.execute(f"DROP TRIGGER IF EXISTS events_calendarday_noted_{event}")
