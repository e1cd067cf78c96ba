"""Django groups generated from the role table, so that the admin shows who may do what."""

from django.contrib.auth.models import Group, Permission

from accounts.roles import ROLES


def sync_groups():
    """Make one group per role with exactly the role's permissions (as far as they exist yet). Idempotent."""
    known = {
        f"{app}.{codename}": pk
        for pk, app, codename in Permission.objects.values_list("pk", "content_type__app_label", "codename")
    }
    held = {}
    for group, permission in Group.permissions.through.objects.values_list("group__name", "permission_id"):
        held.setdefault(group, set()).add(permission)
    named = {group.name: group for group in Group.objects.all()}
    for role in ROLES.values():
        wanted = {known[name] for name in role.permissions if name in known}
        group = named.get(role.code) or Group.objects.get_or_create(name=role.code)[0]
        # Asked after the migrations of each app: almost always there is nothing to do.
        if wanted != held.get(role.code, set()):
            group.permissions.set(wanted)
