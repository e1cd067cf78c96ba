"""My work: what lies with me, most urgent first, and how much waits where."""

from django.contrib.auth.decorators import login_required
from django.views.decorators.http import require_safe

from events.views.desk import WORK, desk


@login_required
@require_safe
def work(request):
    """One worklist of this person; without `?list=` what lies with them, or the view they chose to open first."""
    return desk(request, WORK)
