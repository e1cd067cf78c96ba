"""What events.figures keeps: sums per place and day, and what of each event is in them. Written by its fold alone.

A fold (events.figures.folding) takes an event's old row out of the sums, writes its new row and adds that. So the
sums are those of the rows kept here at every moment, and a reader only has to put right what has not been folded yet.
No foreign keys: a fold writes each row many times, and everything here can be made again from the events.
"""

from django.db import models


class FigurePlace(models.Model):
    """A path at or above which something was reported: a number for it, so that rows stay narrow."""

    path = models.CharField(max_length=120, unique=True)
    parent_id = models.BigIntegerField(null=True, db_index=True)
    depth = models.PositiveSmallIntegerField(help_text="0 for the whole territory.")

    def __str__(self):
        return self.path


class FigureBelow(models.Model):
    """Each place with every place at or above it."""

    pk = models.CompositePrimaryKey("place_id", "ancestor_id")
    place_id = models.BigIntegerField()
    ancestor_id = models.BigIntegerField(db_index=True)
    depth = models.PositiveSmallIntegerField(help_text="The ancestor's.")

    def __str__(self):
        return f"{self.place_id} < {self.ancestor_id}"


class FigureState(models.Model):
    """How far the folding has come: one row. Its lock keeps two from folding at once."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    turn = models.BigIntegerField(default=0, help_text="Grows with every fold: who sees it change reads again.")
    at = models.DateTimeField(null=True, help_text="The instant that lights were last compared with.")
    built_at = models.DateTimeField(null=True)
    done_id = models.BigIntegerField(default=0, help_text="No step up to here can still appear unfolded.")
    next_id = models.BigIntegerField(null=True, help_text="The next such bound …")
    next_xact = models.BigIntegerField(null=True, help_text="… once all transactions below this have ended.")

    def __str__(self):
        return f"turn {self.turn}"


class FoldedEvent(models.Model):
    """What of an event is in the sums: the same columns as events.figures.rows reads from the event itself."""

    event_id = models.BigIntegerField(primary_key=True)
    place_id = models.BigIntegerField()
    seq = models.PositiveIntegerField(help_text="Of the last step it holds.")
    status = models.CharField(max_length=12)
    is_open = models.SmallIntegerField()
    light = models.SmallIntegerField(help_text="At FigureState.at: 0 in time, 1 soon late, 2 late.")
    since = models.DateTimeField()
    clock_due = models.DateTimeField(null=True)
    clock_yellow = models.DateTimeField(null=True)
    reported_at = models.DateTimeField()
    registered = models.SmallIntegerField()
    ended_at = models.DateTimeField(null=True, help_text="Closed, rejected, merged or cancelled.")
    closed = models.SmallIntegerField()
    settled = models.SmallIntegerField()
    rated_at = models.DateTimeField(null=True)
    satisfied = models.SmallIntegerField()
    stars = models.SmallIntegerField()
    standard_id = models.BigIntegerField(help_text="0 where nobody has said what it is.")
    source = models.CharField(max_length=12)
    lead_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(name="events_folded_reported", fields=["reported_at"]),
            models.Index(name="events_folded_ended", fields=["ended_at"]),
            models.Index(name="events_folded_rated", fields=["rated_at"], condition=models.Q(rated_at__isnull=False)),
            models.Index(name="events_folded_place", fields=["place_id", "reported_at"]),
            models.Index(name="events_folded_due", fields=["clock_due"], condition=models.Q(is_open=1)),
            models.Index(name="events_folded_yellow", fields=["clock_yellow"], condition=models.Q(is_open=1)),
            models.Index(
                name="events_folded_open", fields=["place_id", "clock_due"], include=["standard_id"],
                condition=models.Q(is_open=1),
            ),
        ]  # fmt: skip

    def __str__(self):
        return f"{self.event_id}/{self.seq}"


class FoldedTurn(models.Model):
    """The same of one unit's turn. An instant is empty where the turn is not counted by it."""

    turn_id = models.BigIntegerField(primary_key=True)
    event_id = models.BigIntegerField(db_index=True)
    place_id = models.BigIntegerField()
    unit_id = models.BigIntegerField()
    due_at = models.DateTimeField(null=True)
    in_time = models.SmallIntegerField()
    to_close = models.SmallIntegerField()
    passed = models.SmallIntegerField()
    sent_at = models.DateTimeField(null=True)
    returned = models.SmallIntegerField()
    handled_at = models.DateTimeField(null=True)
    reworked = models.SmallIntegerField()
    lying = models.SmallIntegerField(help_text="Lies with the unit now.")
    lies_until = models.DateTimeField(null=True, help_text="Its deadline, while its clock runs.")
    lies_late = models.SmallIntegerField(help_text="Lies there beyond it, at FigureState.at.")

    class Meta:
        indexes = [
            models.Index(name="events_foldedturn_due", fields=["due_at"]),
            models.Index(name="events_foldedturn_sent", fields=["sent_at"]),
            models.Index(name="events_foldedturn_handled", fields=["handled_at"]),
            # Of a village or a grid, where no sums are kept by unit.
            models.Index(name="events_foldedturn_place", fields=["place_id", "due_at"]),
            models.Index(name="events_foldedturn_got", fields=["place_id", "sent_at"]),
            models.Index(
                name="events_foldedturn_lying",
                fields=["place_id", "unit_id", "lies_late"],
                condition=models.Q(lying=1),
            ),
            models.Index(name="events_foldedturn_until", fields=["lies_until"], condition=models.Q(lying=1)),
        ]

    def __str__(self):
        return f"{self.turn_id}"


def _sum():
    return models.IntegerField(default=0)


class DayFigure(models.Model):
    """What happened at or below a place on a local day; every level."""

    pk = models.CompositePrimaryKey("place_id", "day")
    place_id = models.BigIntegerField()
    day = models.DateField()
    reported, registered = _sum(), _sum()
    ended, closed, settled = _sum(), _sum(), _sum()
    rated, satisfied, stars = _sum(), _sum(), _sum()
    due, in_time, to_close, passed = _sum(), _sum(), _sum(), _sum()
    dispatched, returned = _sum(), _sum()
    handled, reworked = _sum(), _sum()

    def __str__(self):
        return f"{self.place_id} {self.day}"


class DayKind(models.Model):
    """What was reported, by standard and source; levels 0 to 2: below, a place's own events are few enough to count."""

    pk = models.CompositePrimaryKey("place_id", "day", "standard_id", "source")
    place_id = models.BigIntegerField()
    day = models.DateField()
    standard_id = models.BigIntegerField()
    source = models.CharField(max_length=12)
    reported = _sum()

    def __str__(self):
        return f"{self.place_id} {self.day} {self.standard_id} {self.source}"


class DayUnit(models.Model):
    """What a unit's turns came to; levels 0 to 2."""

    pk = models.CompositePrimaryKey("place_id", "day", "unit_id")
    place_id = models.BigIntegerField()
    day = models.DateField()
    unit_id = models.BigIntegerField()
    rated, satisfied = _sum(), _sum()
    due, in_time, to_close, passed = _sum(), _sum(), _sum(), _sum()
    dispatched, returned = _sum(), _sum()
    handled, reworked = _sum(), _sum()

    def __str__(self):
        return f"{self.place_id} {self.day} {self.unit_id}"


class OpenFigure(models.Model):
    """What stands at or below a place in one status (open ones, and closed ones that wait for a rating)."""

    pk = models.CompositePrimaryKey("place_id", "status")
    place_id = models.BigIntegerField()
    status = models.CharField(max_length=12)
    standing, late, soon = _sum(), _sum(), _sum()
    since = models.BigIntegerField(default=0, help_text="Sum of the instants in seconds since 1970.")

    def __str__(self):
        return f"{self.place_id} {self.status}"


class OpenKind(models.Model):
    """What is open, by standard; levels 0 to 2."""

    pk = models.CompositePrimaryKey("place_id", "standard_id")
    place_id = models.BigIntegerField()
    standard_id = models.BigIntegerField()
    standing = _sum()

    def __str__(self):
        return f"{self.place_id} {self.standard_id}"


class OpenUnit(models.Model):
    """What lies with a unit now, as lead or co-unit; levels 0 to 2."""

    pk = models.CompositePrimaryKey("place_id", "unit_id")
    place_id = models.BigIntegerField()
    unit_id = models.BigIntegerField()
    standing, late = _sum(), _sum()

    def __str__(self):
        return f"{self.place_id} {self.unit_id}"


class FigureTouch(models.Model):
    """An event whose figures have changed without a step of its own: to be folded again."""

    event_id = models.BigIntegerField()

    def __str__(self):
        return f"{self.event_id}"
