"""Sentences of Django's admin that this house says in its own words.

Django's Chinese for them keeps the English order ("选择 网格 来修改", "以 状态"). The catalogue of this project comes
before Django's: naming them here is what makes `makemessages` keep them in it.
"""

from django.utils.translation import gettext_noop, ngettext_lazy

SAID_OTHERWISE = (
    gettext_noop("Select %s"),
    gettext_noop("Select %s to change"),
    gettext_noop("Select %s to view"),
    gettext_noop("Add %s"),
    gettext_noop("Change %s"),
    gettext_noop("View %s"),
    gettext_noop(" By %(filter_title)s "),
    gettext_noop("Recent actions"),
    gettext_noop("My actions"),
    gettext_noop("None available"),
    gettext_noop("Authentication and Authorization"),
    gettext_noop("group"),
    gettext_noop("groups"),
    gettext_noop("staff status"),
    gettext_noop("Designates whether the user can log into this admin site."),
    ngettext_lazy("%(counter)s result", "%(counter)s results", "counter"),
)
