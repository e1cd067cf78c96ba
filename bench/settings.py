"""The product's settings, with the bare views of `bench.floor` beside it and, if asked, counted queries.

Nothing of the product is changed: its middleware, authentication and throttles are measured as they are.
"""

import os

from gridcenter.settings import *  # noqa: F403
from gridcenter.settings import INSTALLED_APPS, MIDDLEWARE

ROOT_URLCONF = "bench.urls"
INSTALLED_APPS = [*INSTALLED_APPS, "bench"]
if os.environ.get("BENCH_COUNT"):
    # Outermost, so that queries of other middleware count, too. In a pass of its own: counting costs time.
    MIDDLEWARE = ["bench.counting.count_queries", *MIDDLEWARE]
