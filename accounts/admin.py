"""People and roles in the admin. `grids.admin` completes the page of people with their posts and registers it."""

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts import faces, portraits
from accounts.models import Portrait, User
from accounts.roles import ROLES
from accounts.services import clean_id_number, clean_phone
from accounts.views import send_portrait
from core import ciphers
from core.admin import Realm, ScopedAdmin

SECRET_LOOKUPS = ("password", "id_number", "phone", "auth_token")  # not even to search by, hash and all


class WriteOnly(forms.ModelForm):
    """Phone and ID number are written here and never shown: an empty field changes nothing.

    `known`: the people whom the administrator may know of.
    """

    known = User.objects.none()
    new_phone = forms.CharField(
        label=_("new phone"), required=False, help_text=_("Empty: stays as it is."), strip=True
    )
    new_id_number = forms.CharField(
        label=_("new ID number"), required=False, help_text=_("Empty: stays as it is."), strip=True
    )
    new_photo = faces.PhotoField(
        label=_("new photo"),
        help_text=_(
            "Of grid workers: on contact cards, signs and the page of the grid. JPEG, PNG or WebP up to 10 MB; it is cut "
            "upright (5:7) and what the camera wrote into it is removed. Empty: stays as it is."
        ),
    )

    def clean(self):
        cleaned = super().clean()
        if self.cleaned_data.get("new_photo") and self.cleaned_data.get("kind") == User.Kind.MACHINE:
            self.add_error("new_photo", _("A department's system has no face."))
        return cleaned

    def clean_new_phone(self):
        return self._checked("new_phone", clean_phone)

    def clean_new_id_number(self):
        number = self._checked("new_id_number", clean_id_number)
        same = {"id_number_hash__in": ciphers.keyed_hashes(number)}
        other = User.objects.filter(**same).exclude(pk=self.instance.pk).first() if number else None
        if other is not None and self.known.filter(pk=other.pk).exists():
            raise forms.ValidationError(_("Somebody else has this ID number."))
        if other is not None:  # elsewhere in the county: not told by trying numbers
            raise forms.ValidationError(_("This cannot be taken over here; ask the county administrator."))
        return number

    def clean_staff_number(self):
        return self.cleaned_data["staff_number"] or None  # "" would be a number that only one person can have

    def _checked(self, name, clean):
        try:
            return clean(self.cleaned_data[name]) if self.cleaned_data[name] else ""
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error

    def save(self, commit=True):
        for name in ("phone", "id_number"):
            if value := self.cleaned_data.get(f"new_{name}"):
                setattr(self.instance, name, value)
        return super().save(commit)


class PersonForm(WriteOnly, UserChangeForm):
    remove_photo = forms.BooleanField(label=_("remove the photo"), required=False)

    class Meta:
        model = User
        fields = ("username", "name", "kind", "staff_number", "is_active", "is_staff", "must_change_password")


class NewPersonForm(WriteOnly, AdminUserCreationForm):
    class Meta:
        model = User
        fields = ("username", "name", "kind", "staff_number", "is_staff")


class PersonAdmin(ScopedAdmin, DjangoUserAdmin):
    """People. Phone and ID number are masked; nobody is deleted, because the history names them: deactivate instead."""

    form = PersonForm
    add_form = NewPersonForm
    add_form_template = None  # Django's own only adds a sentence about fields that this form has already
    list_display = ("username", "name", "staff_number", "phone_shown", "kind", "is_active", "is_staff")
    list_filter = ("is_active", "is_staff", "kind")
    search_fields = ("username", "name", "staff_number")
    ordering = ("username",)
    filter_horizontal = ()

    class Media:
        js = ("admin/js/unusable_password_field.js",)

    readonly_fields = ("phone_shown", "id_number_shown", "photo_shown", "last_login", "date_joined")
    _PERSON = ("username", "name", "kind", "staff_number", "is_active", "is_staff")
    _PRIVATE = ("phone_shown", "new_phone", "id_number_shown", "new_id_number")
    fieldsets = (
        (None, {"fields": (*_PERSON, "password", "must_change_password")}),
        (_("Private data"), {"fields": _PRIVATE}),
        (_("Photo"), {"fields": ("photo_shown", "new_photo", "remove_photo")}),
        (_("Log-ins"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "fields": (
                    "username",
                    "name",
                    "kind",
                    "staff_number",
                    "is_staff",
                    "usable_password",
                    "password1",
                    "password2",
                )
            },
        ),
        (_("Private data"), {"fields": ("new_phone", "new_id_number")}),
        (_("Photo"), {"fields": ("new_photo",)}),
    )

    @admin.display(description=_("phone"))
    def phone_shown(self, user):
        return user.masked_phone or "—"

    @admin.display(description=_("ID number"))
    def id_number_shown(self, user):
        return user.masked_id_number or "—"

    @admin.display(description=_("photo"))
    def photo_shown(self, user):
        held = Portrait.objects.filter(user=user.pk).first()
        if held is None:
            return "—"
        address = f"{reverse('admin:accounts_user_photo', args=[user.pk])}?{held.version}"
        words = _("Photo of %(name)s") % {"name": user}
        return format_html('<img src="{}" width="100" height="140" alt="{}">', address, words)

    def get_urls(self):
        photo = path("<int:pk>/photo/", self.admin_site.admin_view(self.photo), name="accounts_user_photo")
        return [photo, *super().get_urls()]

    def photo(self, request, pk):
        """The picture, to whoever may open this person's page here."""
        person = get_object_or_404(self.get_queryset(request), pk=pk)
        return send_portrait(Portrait.objects.filter(user=person.pk))

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        portrait = form.cleaned_data.get("new_photo")
        gone = not obj.is_active or obj.kind == User.Kind.MACHINE
        if portrait and not gone:
            portraits.keep(user=obj, portrait=portrait)
        elif gone or form.cleaned_data.get("remove_photo"):
            portraits.remove(user=obj)

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        form.known = User.objects.filter(self.rows(request))
        return form

    def has_delete_permission(self, request, obj=None):
        return False

    def lookup_allowed(self, lookup, value, request):
        return not lookup.startswith(SECRET_LOOKUPS) and super().lookup_allowed(lookup, value, request)

    def get_readonly_fields(self, request, obj=None):
        # Nobody closes the door behind themselves.
        own = ("is_active", "is_staff") if obj is not None and obj.pk == request.user.pk else ()
        return (*super().get_readonly_fields(request, obj), *own)


admin.site.unregister(Group)


@admin.register(Group)
class RoleAdmin(admin.ModelAdmin):
    """The roles and their permissions, generated from accounts/roles.py after each migration: to look at."""

    list_display = ("name", "label")
    search_fields = ("name",)
    readonly_fields = ("name", "label", "permission_list")
    fields = readonly_fields
    actions = None

    @admin.display(description=_("role"))
    def label(self, group):
        return ROLES[group.name].name if group.name in ROLES else "—"

    @admin.display(description=_("may"))
    def permission_list(self, group):
        return "\n".join(sorted(ROLES[group.name].permissions)) if group.name in ROLES else "—"

    def has_module_permission(self, request):
        return self.has_view_permission(request)

    def has_view_permission(self, request, obj=None):
        return Realm.of(request.user).may("accounts.view_user")

    def has_add_permission(self, request):
        return False

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False
