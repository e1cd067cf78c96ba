"""Words on our pages that belong to libraries whose catalogues lack their Chinese: named here, our catalogue has them."""

from django.utils.translation import gettext_noop as _

WORDS = (
    # Django's admin, for those who hear the page
    _("Model name"),
    _("Add link"),
    _("Change or view list link"),
    _("History"),  # of a row's changes; that of an event is another word
    # django-import-export
    _("Select all"),
    # django-leaflet: drawing a boundary
    _("Cancel drawing"),
    _("Cancel"),
    _("Delete last point drawn"),
    _("Delete last point"),
    _("Draw a polygon"),
    _("Draw a rectangle"),
    _("Click to start drawing shape."),
    _("Click to continue drawing shape."),
    _("Click first point to close this shape."),
    _("<strong>Error:</strong> shape edges cannot cross!"),
    _("Click and drag to draw rectangle."),
    _("Release mouse to finish drawing."),
    _("Save changes."),
    _("Save"),
    _("Cancel editing, discards all changes."),
    _("Edit layers"),
    _("No layers to edit."),
    _("Delete layers"),
    _("No layers to delete."),
    _("Drag handles, or marker to edit feature."),
    _("Click cancel to undo changes."),
    _("Click on a feature to remove"),
)
