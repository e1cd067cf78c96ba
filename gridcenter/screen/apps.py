from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class ScreenConfig(AppConfig):
    name = "gridcenter.screen"
    label = "screen"
    verbose_name = _("Wall screen")

    def ready(self):
        from gridcenter.screen.layouts import ship

        post_migrate.connect(lambda **kwargs: ship(), sender=self, dispatch_uid="screen.ship", weak=False)
