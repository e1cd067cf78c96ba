from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Count, F, Min

from accounts.roles import ROLES
from events.models import Event
from gridcenter.demo.people import PASSWORD
from grids.models import Post


class Command(BaseCommand):
    """One person per role (two for roles at several levels), preferring those who have something to do."""

    help = "Print one demo login per role, with the password they share."

    def handle(self, *args, **options):
        if settings.GRIDCENTER_MODE != "demo":
            raise CommandError("Demo logins exist with GRIDCENTER_MODE=demo only.")
        rows = list(self._rows())
        if not rows:
            raise CommandError("Nobody is here yet: load a county first (manage.py demo_county PLACE).")
        self.stdout.write(f"Password of all demo logins: {PASSWORD}")
        for username, name, role, place in rows:
            self.stdout.write(f"  {username:<18}{ROLES[role].name}  {name}, {place}")

    def _rows(self):
        """(username, name, role, place) in the order of the table of roles."""
        posts = Post.objects.on().filter(user__is_active=True).select_related("user", "grid", "unit")
        first = posts.annotate(level=F("grid__level")).order_by()
        chosen: list[int] = []
        for code in ROLES:
            mine = first.filter(role=code)
            if code in ("worker_full", "worker_part", "operator", "staff"):
                chosen += self._busiest(mine, code)
            else:
                chosen += [row["pk"] for row in mine.values("role").annotate(pk=Min("pk")).values("pk")]
        by_id = {post.pk: post for post in posts.filter(pk__in=chosen)}
        for pk in chosen:
            post = by_id[pk]
            yield post.user.username, post.user.name, post.role, str(post.grid or post.unit)

    def _busiest(self, posts, code):
        """Posts at which open events lie: a desk of each level, one department, one worker's grid."""
        where = "grid_id" if code.startswith("worker") else "holder_id"
        place = "grid_id" if where == "grid_id" else "unit_id"
        open_events = Event.objects.open().order_by().values(where).annotate(n=Count("pk"))
        load = {row[where]: row["n"] for row in open_events}
        rows = posts.values_list("pk", place, "grid__level", "unit__grid__level")
        best: dict[int, tuple] = {}
        for pk, spot, *levels in rows:
            level = next(level for level in levels if level is not None)
            best[level] = max(best.get(level, (-1, 0)), (load.get(spot, 0), -pk))
        return [-pk for _load, pk in (best[level] for level in sorted(best))]
