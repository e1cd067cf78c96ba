from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("People and roles")

    def ready(self):
        from accounts.groups import sync_groups

        post_migrate.connect(lambda **kwargs: sync_groups(), dispatch_uid="accounts.sync_groups", weak=False)
