"""What an administrator must be told about data, as Django system checks."""

from django.core.checks import Tags, Warning, register
from django.db import DEFAULT_DB_ALIAS, connection

from events import calendars
from events.models.calendar import CalendarDay


@register(Tags.database)
def calendar_has_the_years_needed(databases=None, **kwargs):
    """events.W001: working limits reach into a year without public holidays.

    Run by `migrate` and `check --database default`; before the first migration there is nothing to say.
    """
    if DEFAULT_DB_ALIAS not in (databases or ()):
        return []
    if CalendarDay._meta.db_table not in connection.introspection.table_names():
        return []
    years = calendars.years_missing()
    if not years:
        return []
    words, hint = calendars.missing_words(years)
    return [Warning(words, hint=hint, obj=CalendarDay, id="events.W001")]
