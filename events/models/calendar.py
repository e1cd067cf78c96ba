"""The editable working calendar: public holidays and make-up workdays (节假日与调休)."""

from django.db import models
from django.db.models import CheckConstraint, Q
from django.utils.translation import gettext_lazy as _


class CalendarDay(models.Model):
    """A day that differs from Monday-to-Friday, or belongs to a public holiday.

    `events.calendars` fills the table from the State Council's notices and reads it back as one
    `clocks.WorkCalendar`. A row that somebody changed is local and stays as it is. To undo a day of
    the notice, change it rather than delete it: the next fill would bring a deleted one back.
    """

    class Source(models.TextChoices):
        STATE_COUNCIL = "state_council", _("State Council notice")
        LOCAL = "local", _("Set here")

    date = models.DateField(_("date"), unique=True)
    working = models.BooleanField(
        _("working day"),
        help_text=_("Ticked: worked, also on a weekend. Not ticked: off, also on a weekday."),
    )
    name = models.CharField(_("name"), max_length=60, blank=True)
    source = models.CharField(_("source"), max_length=16, choices=Source, default=Source.LOCAL)
    note = models.CharField(_("note"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("calendar day")
        verbose_name_plural = _("calendar days")
        ordering = ["-date"]
        constraints = [
            CheckConstraint(
                name="calendarday_source_known",
                condition=Q(source__in=["state_council", "local"]),
                violation_error_message=_("The source is either the State Council notice or set here."),
            ),
        ]

    def __str__(self):
        return f"{self.date:%Y-%m-%d} {self.name}".rstrip()

    def save(self, **kwargs):
        """Store the row; turning a day of the notice into its opposite makes it a local one.

        Only people come this way: `calendars.fill` writes in bulk. So a fill never undoes their change.
        """
        if self.pk and self.source == self.Source.STATE_COUNCIL:
            turned = type(self).objects.filter(pk=self.pk).exclude(working=self.working)
            if turned.exists():
                self.source = self.Source.LOCAL
                if kwargs.get("update_fields") is not None:
                    kwargs["update_fields"] = {*kwargs["update_fields"], "source"}
        super().save(**kwargs)


class ChangedDay(models.Model):
    """A day of the calendar that was added, changed or removed: deadlines over it are to be reckoned again.

    Written by triggers (events.calendar_triggers), so that no way of changing the calendar passes it by; a row a change.
    """

    date = models.DateField()

    class Meta:
        verbose_name = _("changed calendar day")
        verbose_name_plural = _("changed calendar days")
        ordering = ["pk"]

    def __str__(self):
        return f"{self.date:%Y-%m-%d}"
