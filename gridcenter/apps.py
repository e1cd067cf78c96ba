from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GridcenterConfig(AppConfig):
    name = "gridcenter"
    verbose_name = _("Command centre")
