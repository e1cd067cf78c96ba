"""Log in and out, choose the language, see one's own posts, change one's password, also the initial one."""

from urllib.parse import urlencode, urlsplit, urlunsplit

from django.contrib import messages
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import LoginView, LogoutView, RedirectURLMixin
from django.core.exceptions import ObjectDoesNotExist
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.generic import FormView
from django.views.i18n import set_language

from accounts.passwords import OwnPasswordForm
from accounts.portraits import PhotoForm

language = set_language


class Login(LoginView):
    """The gate. Too many wrong passwords lock the name at that address for a quarter of an hour (django-axes)."""

    template_name = "accounts/login.html"
    redirect_authenticated_user = True

    def dispatch(self, request, *args, **kwargs):
        # The session has ended under a list that renews itself, or under a form: the whole page goes to the gate, not a
        # part of it, and from there back to where it was, not to the address that the form was sent to.
        if request.method == "GET" and request.headers.get("HX-Request"):
            return HttpResponse(status=204, headers={"HX-Redirect": self._gate()})
        return super().dispatch(request, *args, **kwargs)

    def _gate(self):
        page = urlsplit(self.request.headers.get("HX-Current-URL", ""))
        if page.netloc != self.request.get_host():
            return self.request.get_full_path()
        wanted = urlunsplit(("", "", page.path, page.query, ""))
        return f"{self.request.path}?{urlencode({'next': wanted})}"


class Logout(LogoutView):
    """Only by POST, so that no picture or link on another page can log somebody out."""

    http_method_names = ["post", "options"]


class InitialPassword(LoginRequiredMixin, RedirectURLMixin, FormView):
    """The one page that is open to whoever still has the password of an import (accounts.middleware)."""

    template_name = "accounts/initial_password.html"
    form_class = OwnPasswordForm
    next_page = "/"

    def dispatch(self, request, *args, **kwargs):
        if request.user.is_authenticated and not request.user.must_change_password:
            return redirect("accounts:me")
        return super().dispatch(request, *args, **kwargs)

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "user": self.request.user}

    def form_valid(self, form):
        update_session_auth_hash(self.request, form.save())
        messages.success(self.request, _("Your password has been changed."))
        return super().form_valid(form)

    def get_context_data(self, **kwargs):
        return super().get_context_data(next=self.get_redirect_url(), **kwargs)


class Me(LoginRequiredMixin, FormView):
    """One's own posts of today and the form for a new password."""

    template_name = "accounts/me.html"
    form_class = PasswordChangeForm

    def get_form_kwargs(self):
        return {**super().get_form_kwargs(), "user": self.request.user}

    def form_valid(self, form):
        form.save()
        update_session_auth_hash(self.request, form.user)
        messages.success(
            self.request, _("Your password has been changed. Other browsers have been logged out.")
        )
        return redirect("accounts:me")

    def get_context_data(self, **kwargs):
        # posts is the reverse side of grids.Post: this app knows nothing of grids.
        posts = self.request.user.posts.on().select_related("grid", "unit")
        kwargs.setdefault("photo_form", PhotoForm(user=self.request.user))
        page = super().get_context_data(posts=posts, **kwargs)
        page["form"].fields["old_password"].widget.attrs.pop("autofocus", None)  # it would hide the posts above it
        return page


class MyPhoto(Me):
    """One's own photo, sent from the same page."""

    http_method_names = ["post", "options"]
    form_class = PhotoForm

    def form_valid(self, form):
        form.save()
        gone = form.cleaned_data["remove"]
        messages.success(self.request, _("Your photo has been removed.") if gone else _("Your photo has been saved."))
        return redirect("accounts:me")

    def form_invalid(self, form):
        page = self.get_context_data(form=PasswordChangeForm(self.request.user), photo_form=form)
        return self.render_to_response(page, status=422)


def send_portrait(rows):
    """The picture of the one row, if there is one. The caller has restricted `rows` to what may be seen."""
    try:
        return FileResponse(rows.get().file.open("rb"), content_type="image/jpeg")
    except (ObjectDoesNotExist, FileNotFoundError) as error:
        raise Http404 from error
