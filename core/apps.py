from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = _("Foundations")

    def ready(self):
        from core import checks, service_checks  # noqa: F401  (registers the checks of the settings)
