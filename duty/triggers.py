"""What the database itself refuses: changes of trails, and of a hand-over once it is accepted."""

TRAILS = ("duty_rosterchange", "duty_warningstep", "duty_remark")

_PG_TRAIL = """
CREATE OR REPLACE FUNCTION duty_trail_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'append-only: % of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$
"""
_PG_ACCEPTED = """
CREATE OR REPLACE FUNCTION duty_handover_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.accepted_at IS NOT NULL THEN
    RAISE EXCEPTION 'accepted: % of a hand-over is refused', TG_OP USING ERRCODE = 'restrict_violation';
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$
"""
# The link to an event that is erased may go; the words stay.
_PG_MATTER = """
CREATE OR REPLACE FUNCTION duty_matter_is_kept() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE parent bigint;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF NEW.words = OLD.words AND NEW.hand_over_id = OLD.hand_over_id AND NEW.event_id IS NULL THEN RETURN NEW; END IF;
  END IF;
  IF TG_OP = 'INSERT' THEN parent := NEW.hand_over_id; ELSE parent := OLD.hand_over_id; END IF;
  IF EXISTS (SELECT 1 FROM duty_handover h WHERE h.id = parent AND h.accepted_at IS NOT NULL) THEN
    RAISE EXCEPTION 'accepted: % of a matter is refused', TG_OP USING ERRCODE = 'restrict_violation';
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$
"""
_ACCEPTED = "EXISTS (SELECT 1 FROM duty_handover h WHERE h.id = {row}.hand_over_id AND h.accepted_at IS NOT NULL)"
_ONLY_LINK = "(NEW.words = OLD.words AND NEW.hand_over_id = OLD.hand_over_id AND NEW.event_id IS NULL)"


def statements(vendor: str) -> list[str]:
    """SQL that installs them."""
    return _postgresql() if vendor == "postgresql" else _sqlite()


def _postgresql():
    trails = [
        f"CREATE TRIGGER {table}_kept BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION duty_trail_is_append_only()"
        for table in TRAILS
    ]
    return [
        _PG_TRAIL, _PG_ACCEPTED, _PG_MATTER, *trails,
        "CREATE TRIGGER duty_handover_kept BEFORE UPDATE OR DELETE ON duty_handover "
        "FOR EACH ROW EXECUTE FUNCTION duty_handover_is_kept()",
        "CREATE TRIGGER duty_matter_kept BEFORE INSERT OR UPDATE OR DELETE ON duty_matter "
        "FOR EACH ROW EXECUTE FUNCTION duty_matter_is_kept()",
    ]  # fmt: skip


def _sqlite():
    found = [
        f"CREATE TRIGGER {table}_kept_{event.lower()} BEFORE {event} ON {table} "
        f"BEGIN SELECT RAISE(ABORT, 'append-only: {event} of {table} is refused'); END"
        for table in TRAILS
        for event in ("UPDATE", "DELETE")
    ]
    for event in ("UPDATE", "DELETE"):
        found.append(
            f"CREATE TRIGGER duty_handover_kept_{event.lower()} BEFORE {event} ON duty_handover "
            f"WHEN OLD.accepted_at IS NOT NULL BEGIN SELECT RAISE(ABORT, 'accepted: {event} of a hand-over is refused'); END"
        )
    for event, row in (("INSERT", "NEW"), ("UPDATE", "OLD"), ("DELETE", "OLD")):
        spared = f" AND NOT {_ONLY_LINK}" if event == "UPDATE" else ""
        found.append(
            f"CREATE TRIGGER duty_matter_kept_{event.lower()} BEFORE {event} ON duty_matter "
            f"WHEN {_ACCEPTED.format(row=row)}{spared} "
            f"BEGIN SELECT RAISE(ABORT, 'accepted: {event} of a matter is refused'); END"
        )
    return found


def removal(vendor: str) -> list[str]:
    """SQL that takes them away (a backward migration, the flush of a test database)."""
    names = [*TRAILS, "duty_handover", "duty_matter"]
    if vendor == "postgresql":
        return [f"DROP TRIGGER IF EXISTS {name}_kept ON {name}" for name in names]
    return [f"DROP TRIGGER IF EXISTS {name}_kept_{event}" for name in names for event in ("insert", "update", "delete")]


def install(apps, schema_editor):
    for statement in statements(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)


def remove(apps, schema_editor):
    for statement in removal(schema_editor.connection.vendor):
        schema_editor.execute(statement, params=None)
