"""What a patrol is held to. One place for all of it: services, figures, pages and the demo read these."""

from datetime import timedelta

from accounts.roles import ROLES

PER_DAY = 2  # patrols that a grid is owed a day, and the most of one day that its coverage counts
SHORTEST = timedelta(minutes=10)  # a shorter one is kept and does not count
LONGEST = timedelta(hours=12)  # then one that nobody finished is closed and does not count
LATEST = timedelta(days=7)  # a phone may send a patrol that began so long ago
CLOCKS_DIFFER = timedelta(minutes=2)  # so far ahead a phone's clock may be; its time is taken for now
WINDOW_DAYS = 7  # coverage is that of so many full days before today

ADD, VIEW = "fieldwork.add_patrol", "fieldwork.view_patrol"
PATROLLING = frozenset(role.code for role in ROLES.values() if ADD in role.permissions)
