"""The first district administrator: somebody must be let in before anybody can let in others."""

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.services import create_staff_account
from core.errors import Invalid
from grids.models import Grid, Post

ROLE = "district_admin"


@transaction.atomic
def make_admin(*, username: str, grid_code: str, password: str, name: str = "") -> tuple[User, Grid]:
    """A new person who administers the grid `grid_code` and everything below it.

    Raises Invalid for an unknown grid, one of level 4 or a weak password, Conflict if the name is taken.
    """
    grid = Grid.objects.filter(code=grid_code).valid_on().defer("boundary").first()
    if grid is None:
        raise Invalid(_("There is no grid %(code)s in force.") % {"code": grid_code})
    user = create_staff_account(username=username, password=password, name=name)
    post = Post(user=user, role=ROLE, grid=grid)
    post.full_clean()
    post.save()
    return user, grid


def admit(post: Post):
    """Let the holder of an administrator's post through the admin's door: without the mark the post is of no use."""
    if post.role == ROLE:
        User.objects.filter(pk=post.user_id, is_staff=False).update(is_staff=True)
