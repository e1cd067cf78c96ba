from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class DutyConfig(AppConfig):
    name = "duty"
    verbose_name = _("Duty and warnings")

    def ready(self):
        from duty.defaults import load_defaults

        post_migrate.connect(
            lambda **kwargs: load_defaults(), sender=self, dispatch_uid="duty.load_defaults", weak=False
        )
