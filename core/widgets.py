"""What widgets of several apps share."""

from django.template.loader import render_to_string
from django.utils.safestring import mark_safe


class SiteTemplate:
    """A widget whose template lies among the pages' own, not in Django's."""

    def _render(self, template_name, context, renderer=None):
        return mark_safe(render_to_string(template_name, context))
