"""What similar events got: counts of the last year, made anew every night by services.habits, never by a step."""

from django.db import models


class WordHabit(models.Model):
    """How many events whose description holds `word` (two Chinese characters) were registered under `code`."""

    word = models.CharField(max_length=2)
    code = models.CharField(max_length=32)
    events = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(name="events_wordhabit_once", fields=["word", "code"])]

    def __str__(self):
        return f"{self.word} {self.code} {self.events}"


class PlaceHabit(models.Model):
    """How many events below the village at `path` were registered under `code`."""

    path = models.CharField(max_length=120)
    code = models.CharField(max_length=32)
    events = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(name="events_placehabit_once", fields=["path", "code"])]

    def __str__(self):
        return f"{self.path} {self.code} {self.events}"


class LeadHabit(models.Model):
    """How often events of `code` below the town at `path` were dispatched to `unit`, and how often it kept them."""

    code = models.CharField(max_length=32)
    path = models.CharField(max_length=120)
    unit = models.ForeignKey("grids.Unit", models.CASCADE, related_name="+", db_index=False)
    dispatched = models.PositiveIntegerField()
    kept = models.PositiveIntegerField(help_text="Not returned.")

    class Meta:
        constraints = [
            models.UniqueConstraint(name="events_leadhabit_once", fields=["code", "path", "unit"])
        ]

    def __str__(self):
        return f"{self.code} {self.path} {self.unit_id} {self.kept}/{self.dispatched}"


class MoveHabit(models.Model):
    """How often people took `action` in `status`: the order of the buttons."""

    status = models.CharField(max_length=12)
    action = models.CharField(max_length=16)
    steps = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(name="events_movehabit_once", fields=["status", "action"])]

    def __str__(self):
        return f"{self.status} {self.action} {self.steps}"
