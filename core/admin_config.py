"""Makes `django.contrib.admin` use the site of core.admin_site. Imports no models: apps are not loaded yet."""

from django.contrib.admin.apps import AdminConfig


class DeskAdminConfig(AdminConfig):
    default_site = "core.admin_site.DeskSite"
