"""Writes of what people set up at their desk: saved views and columns. Nobody writes another person's."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import User
from core.errors import Conflict, Invalid, NotFound
from events import columns
from events.models import DeskSetting, SavedView

MOST_VIEWS = 20
LONGEST_QUERY = SavedView._meta.get_field("query").max_length
LONGEST_NAME = SavedView._meta.get_field("name").max_length


def save_view(*, owner, name, query, replace=False) -> SavedView:
    """A new view of this person, or the one of this name with another query. Raises Invalid (fields: name, query), and
    Conflict if there is a view of this name that asks something else and is not to be replaced: its link may be with
    others."""
    name = _checked_name(name)
    if len(query) > LONGEST_QUERY:
        raise Invalid(fields={"query": [_("These are too many filters for one view.")]})
    with transaction.atomic():
        _lock(owner)
        mine = SavedView.objects.filter(owner=owner)
        same = mine.filter(name=name).first()
        if same is None and mine.count() >= MOST_VIEWS:
            words = _("You have %(most)s views already: delete one first.")
            raise Invalid(fields={"name": [words % {"most": MOST_VIEWS}]})
        if same is None:
            return SavedView.objects.create(owner=owner, name=name, query=query)
        if same.query != query and not replace:
            raise Conflict(_("You have a view of this name already."))
        same.query = query
        same.save(update_fields=["query"])
        return same


def rename_view(*, owner, slug, name) -> SavedView:
    """Raises NotFound for a view that is not theirs, Invalid for a name that is empty, long or taken."""
    view, name = _mine(owner, slug), _checked_name(name)
    view.name = name
    try:
        with transaction.atomic():
            view.save(update_fields=["name"])
    except IntegrityError as error:
        raise Invalid(fields={"name": [_("You have a view of this name already.")]}) from error
    return view


def delete_view(*, owner, slug):
    _mine(owner, slug).delete()


def set_start(*, owner, slug, start: bool) -> SavedView:
    """Make it the page that opens first, instead of any other; or no longer."""
    with transaction.atomic():
        _lock(owner)
        view = _mine(owner, slug)
        SavedView.objects.filter(owner=owner, start=True).update(start=False)
        view.start = start
        view.save(update_fields=["start"])
    return view


def keep_columns(*, user, names):
    """Remember the columns; unknown names are left out, none at all are the usual ones."""
    chosen = [c.name for c in columns.chosen(names) if not c.fixed] if names else []
    DeskSetting.objects.update_or_create(user=user, defaults={"columns": chosen})


def _lock(owner):
    """One at a time for each person: two presses at once would both see room for one more."""
    User.objects.select_for_update().only("pk").get(pk=owner.pk)


def _mine(owner, slug):
    view = SavedView.objects.filter(owner=owner, slug=slug).first()
    if view is None:
        raise NotFound
    return view


def _checked_name(name):
    name = (name or "").replace("\0", "").strip()
    if not name:
        raise Invalid(fields={"name": [_("Give the view a name.")]})
    if len(name) > LONGEST_NAME:
        raise Invalid(fields={"name": [_("At most %(most)s characters.") % {"most": LONGEST_NAME}]})
    return name
