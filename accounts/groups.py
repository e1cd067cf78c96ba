"""Django groups generated from the role table, so that the admin shows who may do what."""

from django.contrib.auth.models import Group, Permission

from accounts.roles import ROLES


def sync_groups():
    """Make one group per role with exactly the role's permissions (as far as they exist yet). Idempotent."""
    known = {
        f"{app}.{codename}": pk
        for pk, app, codename in Permission.objects.values_list("pk", "content_type__app_label", "codename")
    }
    for role in ROLES.values():
        group, _made = Group.objects.get_or_create(name=role.code)
        group.permissions.set([known[name] for name in role.permissions if name in known])
