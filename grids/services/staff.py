"""The staff roll (花名册): people and their posts from a spreadsheet; all or nothing, twice is once."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import services as accounts
from accounts.models import User
from accounts.roles import CENTRE, GRID, ROLES
from core import ciphers
from grids.models import Grid, Post, Unit
from grids.services import staff_rows
from grids.services.findings import Findings
from grids.services.staff_rows import PERSONAL, Row

BATCH = 500
NOT_ONESELF = gettext_lazy("Nobody gives posts to themselves: another administrator does.")


@dataclass
class StaffImported:
    """What an import did. `passwords`: (username, name, initial password) of new people, if they were asked for."""

    people_added: int = 0
    people_changed: int = 0
    posts_added: int = 0
    posts_changed: int = 0
    posts_unchanged: int = 0
    unused: list[str] = field(default_factory=list)
    passwords: list[tuple[str, str, str]] = field(default_factory=list)


def import_staff(
    *, source, name: str = "", actor=None, actor_roots=None, make_passwords: bool = False, dry_run: bool = False
) -> StaffImported:
    """Create and update people and posts from a roll (xlsx or csv; a path or an open binary file called `name`).

    People are found by their staff number; an empty cell changes nothing, and nobody is removed: a post ends by its
    last day. Without `make_passwords` new people cannot log in until they are given a password; with it they must
    choose their own at the first log-in. `actor`: the importing person, who gets no posts by it. `actor_roots`: paths
    below which that person may place people. Both are None on the command line.

    Raises Invalid (fields: "row.column" → sentences); then nothing has changed.
    """
    findings = Findings()
    rows, table = staff_rows.parse(source, findings, name)
    with transaction.atomic():
        roll = _Roll(rows, table.headings, findings, actor, actor_roots)
        roll.match()
        findings.raise_any()
        done = roll.write(make_passwords and not dry_run)
        if dry_run:
            transaction.set_rollback(True)
    done.unused = table.unused
    return done


def summary(done: StaffImported) -> list[str]:
    """What an import did, in sentences."""
    words = _(
        "People: %(people_added)s added, %(people_changed)s changed. Posts: %(posts_added)s added, "
        "%(posts_changed)s changed, %(posts_unchanged)s unchanged."
    )
    lines = [words % vars(done)]
    if done.unused:
        lines.append(_("Columns that are not used: %(names)s.") % {"names": ", ".join(done.unused)})
    return lines


class _Roll:
    """The rows beside what is in the database: five queries for any number of rows, six if something is taken."""

    def __init__(self, rows: list[Row], headings, findings: Findings, actor: User | None, actor_roots):
        self.actor_id = actor and actor.pk
        self.rows, self.headings, self.findings, self.roots = rows, headings, findings, actor_roots
        self.today = timezone.localdate()
        self.users = {user.staff_number: user for user in self._there()}
        numbers = {user.pk: number for number, user in self.users.items()}
        self.posts: dict[str, list[Post]] = defaultdict(list)  # by staff number, those to be made among them
        known = Post.objects.filter(user__in=numbers)
        for post in known.select_related("grid", "unit__grid").defer(
            "grid__boundary", "unit__grid__boundary"
        ):
            self.posts[numbers[post.user_id]].append(post)
        self.grids, self.units, self.centres = self._places()
        self.new_users: dict[str, User] = {}
        self.changed_users: dict[str, User] = {}
        self.new_posts: list[Post] = []
        self.changed_posts: dict[int, Post] = {}
        self.unchanged = 0

    # -- what is there

    def _there(self):
        numbers = {row.staff_number for row in self.rows}
        return User.objects.filter(staff_number__in=numbers).select_for_update(of=["self"])

    def _places(self):
        codes = {row.place for row in self.rows}
        grids = Grid.objects.valid_on().filter(code__in=codes).defer("boundary")
        units = Unit.objects.filter(
            Q(code__in=codes) | Q(kind=CENTRE, grid__in=[g.pk for g in grids]), active=True
        )
        units = list(units.select_related("grid").defer("grid__boundary"))
        return (
            {grid.code: grid for grid in grids},
            {unit.code: unit for unit in units},
            {unit.grid.code: unit for unit in units if unit.kind == CENTRE},
        )

    # -- checks

    def match(self):
        """Compare every row; what does not fit is said."""
        self._refuse_taken()
        for row in self.rows:
            user = self._person(row)
            place = self._place(row)
            if user is not None and place is not None:
                self._post(row, user, place)

    def _say(self, row: Row, name: str, message: str):
        label = self.headings.get(name, staff_rows.COLUMNS[name][0])
        self.findings.at(row.number, name, label, message)

    def _inside(self, path: str) -> bool:
        return self.roots is None or any(path.startswith(root) for root in self.roots)

    @property
    def _everywhere(self) -> bool:
        """The command line, or an administrator of the whole territory."""
        return self.roots is None or any(root.count("/") == 2 for root in self.roots)

    def _may_change(self, user: User) -> bool:
        """Whether this person is the importer's to change: all posts not ended lie below the importer's roots."""
        if self._everywhere:
            return True
        posts = [
            p for p in self.posts[user.staff_number] if p.pk and (p.until is None or p.until > self.today)
        ]
        return bool(posts) and all(self._inside((p.grid or p.unit.grid).path) for p in posts)

    def _refuse_taken(self):
        """Login names and ID numbers that belong to somebody with another staff number (or none)."""
        wish = {
            row.username or row.staff_number: row for row in self.rows if self._is_new(row) or row.username
        }
        hashes = {
            hashed: row for row in self.rows if row.id_number for hashed in ciphers.keyed_hashes(row.id_number)
        }
        found = User.objects.filter(Q(username__in=wish) | Q(id_number_hash__in=hashes)).order_by("pk")
        others = list(found.values_list("pk", "username", "staff_number", "id_number_hash"))
        near = self._near([pk for pk, *_rest in others])
        for pk, username, number, hashed in others:
            if (row := wish.get(username)) and row.staff_number != number:
                self._say(row, "username", _("“%s” is somebody else's login name.") % username)
            if (row := hashes.get(hashed)) and row.staff_number != number:
                words = _("somebody with another staff number has this ID number.")
                # Who lives or works elsewhere in the county is not told by trying numbers.
                far = _("cannot be taken over here; ask the county administrator.")
                self._say(row, "id_number", words if pk in near else far)

    def _near(self, people) -> set[int]:
        """Those of these people whom the importer may know of: with a post below the importer's roots."""
        if self._everywhere or not people:
            return set(people)
        held = Post.objects.filter(user__in=people).values_list("user", "grid__path", "unit__grid__path")
        return {user for user, grid, unit in held if self._inside(grid or unit)}

    def _is_new(self, row: Row) -> bool:
        return row.staff_number not in self.users

    def _person(self, row: Row) -> User | None:
        if self._is_new(row):
            return self._new_person(row)
        user = self.users[row.staff_number]
        wish = {name: getattr(row, name) for name in PERSONAL if getattr(row, name)}
        change = {name: value for name, value in wish.items() if getattr(user, name) != value}
        if not self._may_change(user):
            # The same words whether the data differ or not: they must not be guessed from here.
            self._say(
                row, "staff_number", _("this person has posts outside your grids: not yours to change.")
            )
            return None
        for name, value in change.items():
            setattr(user, name, value)
        if change:
            self.changed_users[row.staff_number] = user
        return user

    def _new_person(self, row: Row) -> User:
        user = self.new_users.get(row.staff_number)
        if user is None:
            user = User(staff_number=row.staff_number, username=row.staff_number, name=row.name)
            if not row.username and not User.username_validator.regex.search(row.staff_number):
                self._say(row, "staff_number", _("cannot be a login name: give one in a column “用户名”."))
            self.new_users[row.staff_number] = user
        for name in PERSONAL:
            setattr(user, name, getattr(row, name) or getattr(user, name))
        return user

    def _place(self, row: Row) -> Grid | Unit | None:
        role = ROLES[row.role]
        if role.place == GRID:
            place = self.grids.get(row.place)
        else:
            # The code of a grid stands for its centre: rolls rarely know the codes of centres.
            place = self.units.get(row.place) or (
                self.centres.get(row.place) if role.place == CENTRE else None
            )
        path = place and (place.path if role.place == GRID else place.grid.path)
        if place is None or not self._inside(path):
            words = {
                GRID: _("there is no grid %s in force."),
                CENTRE: _("there is no centre %s: expected its code or that of its grid."),
            }.get(role.place, _("there is no department %s: expected the unit's code."))
            self._say(row, "place", words % f"“{row.place}”")
            return None
        try:
            self._draft(row, place).clean()
        except ValidationError as error:
            for name, messages in error.message_dict.items():
                self._say(row, "role" if name == "role" else "place", " ".join(messages))
            return None
        return place

    def _draft(self, row: Row, place, user: User | None = None) -> Post:
        where = {"grid": place} if isinstance(place, Grid) else {"unit": place}
        return Post(user=user, role=row.role, since=row.since or self.today, until=row.until, **where)

    def _post(self, row: Row, user: User, place):
        """The row's post: there already, there with another end, or new. Two at once of the same kind are refused."""
        draft = self._draft(row, place, user)
        if draft.until is not None and draft.until <= draft.since:
            self._say(row, "last_day", _("expected a day not before %s.") % draft.since)
            return
        held = self.posts[row.staff_number]
        same = [p for p in held if _key(p) == _key(draft)]
        old = next((p for p in same if self._is_it(p, row)), None)
        if user.pk and user.pk == self.actor_id and (old is None or row.until not in (None, old.until)):
            self._say(row, "role", str(NOT_ONESELF))
        elif old is None and (other := next((p for p in same if _overlap(p, draft)), None)):
            words = _(
                "this person holds this post from %(since)s already: expected that day, or an earlier last day."
            )
            self._say(row, "since", words % {"since": other.since})
        elif old is None:
            held.append(draft)
            self.new_posts.append(draft)
        elif row.until is not None and old.until != row.until:
            old.until = row.until
            if old.pk:
                self.changed_posts[old.pk] = old
        elif old.pk:
            self.unchanged += 1

    def _is_it(self, post: Post, row: Row) -> bool:
        if row.since:
            return post.since == row.since
        return post.since <= self.today and (post.until is None or post.until > self.today)

    # -- writing

    def write(self, make_passwords: bool) -> StaffImported:
        """Write what `match` found: a few statements per 500 rows."""
        done = StaffImported(
            people_added=len(self.new_users),
            people_changed=len(self.changed_users),
            posts_added=len(self.new_posts),
            posts_changed=len(self.changed_posts),
            posts_unchanged=self.unchanged,
        )
        for user in self.new_users.values():
            if make_passwords:
                password = accounts.initial_password()
                user.password = accounts.initial_hash(password)
                user.must_change_password = True
                done.passwords.append((user.username, user.name, password))
            else:
                user.set_unusable_password()
        self._admit_administrators()
        everybody = [*self.new_users.values(), *self.changed_users.values()]
        for user in everybody:
            user.id_number_hash = ciphers.keyed_hash(user.id_number)
        User.objects.bulk_create(self.new_users.values(), batch_size=BATCH)
        fields = [*PERSONAL, "id_number_hash", "is_staff"]
        User.objects.bulk_update(self.changed_users.values(), fields, batch_size=BATCH)
        for post in self.new_posts:
            post.user_id = post.user.pk
        Post.objects.bulk_create(self.new_posts, batch_size=BATCH)
        Post.objects.bulk_update(self.changed_posts.values(), ["until"], batch_size=BATCH)
        return done

    def _admit_administrators(self):
        """A district administrator's post is of no use without the mark that opens the admin."""
        for post in self.new_posts:
            if post.role == "district_admin" and not post.user.is_staff:
                post.user.is_staff = True
                if post.user.pk:
                    self.changed_users[post.user.staff_number] = post.user


def _key(post: Post) -> tuple:
    return post.role, post.grid_id, post.unit_id


def _overlap(one: Post, other: Post) -> bool:
    return (one.until or date.max) > other.since and (other.until or date.max) > one.since
