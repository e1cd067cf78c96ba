"""Forms of grids, units and posts: what the database would refuse is said in words first."""

import shapely
from django import forms
from django.utils.translation import gettext as _

from grids.models import Grid, Post, Unit
from grids.services import boundaries, staff, units
from grids.services.findings import Findings


class GridForm(forms.ModelForm):
    """The level follows from the parent; a drawn boundary must fit as an imported one."""

    class Meta:
        model = Grid
        fields = ("code", "name", "parent", "valid_from", "valid_until", "colour", "boundary")
        widgets = {"colour": forms.TextInput(attrs={"type": "color"})}

    def clean_parent(self):
        parent, grid = self.cleaned_data["parent"], self.instance
        if parent is None:
            raise forms.ValidationError(
                _("Choose the grid above: the whole territory comes from import_divisions.")
            )
        if grid.pk and parent.level != grid.level - 1:
            words = _(
                "Expected a grid of level %(level)s: one with its own grids below cannot change its level."
            )
            raise forms.ValidationError(words % {"level": grid.level - 1})
        if parent.level == 4:
            raise forms.ValidationError(_("Below level 4 there is nothing."))
        grid.level = parent.level + 1
        return parent

    def clean_valid_until(self):
        until = self.cleaned_data["valid_until"]
        if until and self.instance.pk and self.instance.children.filter(valid_until=None).exists():
            raise forms.ValidationError(_("There are grids in force below this one: end them first."))
        return until

    def clean(self):
        cleaned = super().clean()
        if "boundary" in self.changed_data and cleaned.get("boundary") and not self.errors:
            self._fit(cleaned)
        return cleaned

    def _fit(self, cleaned):
        grid = self.instance
        parent = cleaned.get("parent") or grid.parent
        findings = Findings()
        boundaries.check_one(
            pk=grid.pk,
            code=cleaned.get("code") or grid.code,
            name=cleaned["name"],
            parent_path=parent.path if parent else "/",
            shape=shapely.from_wkb(bytes(cleaned["boundary"].wkb)),
            findings=findings,
        )
        if findings:
            self.add_error("boundary", findings.sentences)


class UnitForm(forms.ModelForm):
    """Says at the field what the unit's constraints say about the row."""

    class Meta:
        model = Unit
        fields = ("kind", "name", "code", "grid", "department_kind", "phone", "active")

    def clean(self):
        cleaned = super().clean()
        kind, grid = cleaned.get("kind"), cleaned.get("grid") or (self.instance.pk and self.instance.grid)
        if kind == Unit.Kind.CENTRE and cleaned.get("department_kind"):
            self.add_error("department_kind", _("A centre has no department kind: leave it empty."))
        if kind == Unit.Kind.DEPARTMENT and not cleaned.get("department_kind"):
            self.add_error("department_kind", _("Choose the department's kind."))
        if grid and kind and grid.level > Unit.DEEPEST[kind]:
            words = _("Expected a grid of level 0 to %(level)s.") % {"level": Unit.DEEPEST[kind]}
            self.add_error("grid" if "grid" in self.fields else None, words)
        return cleaned

    def clean_active(self):
        active, unit = self.cleaned_data["active"], self.instance
        if unit.pk and unit.active and not active:
            waiting = Unit.objects.filter(pk=unit.pk).waited_for()
            if waiting:
                raise forms.ValidationError(units.still_waited_for(waiting[unit.pk]))
        return active


class PostForm(forms.ModelForm):
    """`actor_id`: who appoints. Nobody appoints themselves: what one may see and do is given by somebody else."""

    actor_id: int | None = None

    class Meta:
        model = Post
        fields = ("user", "role", "grid", "unit", "since", "until")

    def clean_user(self):
        user = self.cleaned_data["user"]
        if user.pk == self.actor_id:
            raise forms.ValidationError(staff.NOT_ONESELF)
        return user
