"""Lets Django (and its admin) ask a person's posts of today what they may do."""

from django.contrib.auth.backends import BaseBackend

from grids.scope import Scope


class PostBackend(BaseBackend):
    def get_user_permissions(self, user_obj, obj=None):
        return set()

    def get_group_permissions(self, user_obj, obj=None):
        return set(Scope.of(user_obj).permissions) if user_obj.is_active and obj is None else set()

    def has_perm(self, user_obj, perm, obj=None):
        return obj is None and user_obj.is_active and Scope.of(user_obj).may(perm)

    def has_module_perms(self, user_obj, app_label):
        return user_obj.is_active and any(
            name.startswith(f"{app_label}.") for name in Scope.of(user_obj).permissions
        )
