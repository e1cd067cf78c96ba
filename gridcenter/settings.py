"""Settings, all from the environment. The list with meanings stands in docs/operations.md.

How they are read, and the three modes: gridcenter/environment.py. What must be said about them: core/service_checks.py.
"""

import os
from datetime import timedelta
from pathlib import Path

from celery.schedules import crontab
from csp.constants import NONE, SELF
from django_guid.integrations import CeleryIntegration

from core import basemap
from gridcenter.environment import GRIDCENTER_MODE, RUNNING_TESTS, SERVICE, env, one_of, required

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(env("DATA_DIR", default=str(BASE_DIR / "var")))
DEBUG = False
SECRET_KEY = required("SECRET_KEY", demo="demo-only-not-a-secret-" + "0" * 40)
# Keys of encrypted fields: "id:base64 of 32 bytes", the first one writes, all of them read.
FIELD_KEYS = required(
    "FIELD_KEYS",
    demo="demo:" + "ZGVtb25zdHJhdGlvbi1rZXktbm90LWEtc2VjcmV0ISE=",
    file=env("FIELD_KEYS_FILE", default=""),
)
HASH_KEY = required("HASH_KEY", demo="demo-only-hash-key", file=env("HASH_KEY_FILE", default=""))
HASH_KEY_OLD = env("HASH_KEY_OLD", default="")  # the one before, while rotate_hashes runs: both find
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[]) if SERVICE else ["*"]
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])

INSTALLED_APPS = [
    "core",
    "accounts",
    "grids",
    "residents",
    "events",
    "duty",
    "fieldwork",
    "evaluation",
    "exchange",
    "papers",
    "gridcenter",
    "gridcenter.screen",
    "core.admin_config.DeskAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.gis",
    "django.contrib.humanize",
    "django_filters",
    "rest_framework",
    "rest_framework_gis",
    "rest_framework_api_key",
    "knox",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_vite",
    "leaflet",
    "import_export",
    "axes",
    "csp",
    "django_guid",
]

MIDDLEWARE = [
    "core.request_ids.bounded",
    "django_guid.middleware.guid_middleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.middleware.OwnPasswordFirst",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "gridcenter.urls"
ASGI_APPLICATION = "gridcenter.asgi.application"
WSGI_APPLICATION = "gridcenter.wsgi.application"
WEB_THREADS = env.int("WEB_THREADS", default=4)  # requests at once per process, each with a connection (core.asgi)

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ],
        },
    },
]

# --- Database -------------------------------------------------------------------------------------------------
DATABASE_URL = required("DATABASE_URL", demo=f"spatialite:///{DATA_DIR / 'demo' / 'db.sqlite3'}")
DATABASES = {"default": env.db_url_config(DATABASE_URL)}
DATABASES["default"]["CONN_MAX_AGE"] = env.int("DB_CONN_MAX_AGE", default=300)
DATABASES["default"]["CONN_HEALTH_CHECKS"] = True
DB_LOCK_SECONDS = env.int("DB_LOCK_SECONDS", default=20)  # of requests (core.asgi); a job may stand in line for minutes
if DATABASES["default"]["ENGINE"].endswith("spatialite"):
    Path(DATABASES["default"]["NAME"]).parent.mkdir(parents=True, exist_ok=True)
    SPATIALITE_LIBRARY_PATH = "mod_spatialite"
    DATABASES["default"]["TEST"] = {"NAME": ":memory:"}  # said aloud, or tests side by side ask for a file
    # IMMEDIATE: a writer queues for the lock when it begins, instead of failing half-way with "locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;"
        "PRAGMA cache_size=-65536; PRAGMA mmap_size=268435456;",
    }
else:
    # JIT costs more than it brings on our short queries (measured: 10-30 % of a write).
    # A page from anywhere costs little more than the next one on today's disks; PostgreSQL's own figure, 4, is that of a
    # turning disk, and makes it walk a table by its key where an index knows the rows.
    # Helpers of a query start late when all are at work, and there are fewer cores than requests.
    DATABASES["default"]["OPTIONS"] = {
        "options": "-c jit=off -c timezone=UTC -c random_page_cost=1.1 -c max_parallel_workers_per_gather=0"
    }
    if RUNNING_TESTS:  # nothing that a test writes has to outlive the machine
        DATABASES["default"]["OPTIONS"]["options"] += " -c synchronous_commit=off"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Broker, cache, tasks -------------------------------------------------------------------------------------
REDIS_URL = env("REDIS_URL", default="")
KEY_PREFIX = env("KEY_PREFIX", default="gridcenter")
if RUNNING_TESTS:
    KEY_PREFIX += os.environ.get("PYTEST_XDIST_WORKER", "")  # tests side by side do not see each other's keys
if REDIS_URL:
    CACHES = {
        "default": {
            "BACKEND": "core.cache.FailOpenRedisCache",
            "LOCATION": REDIS_URL,
            "KEY_PREFIX": KEY_PREFIX,
            "OPTIONS": {"socket_timeout": 1, "socket_connect_timeout": 1},
        }
    }
    CELERY_BROKER_URL = REDIS_URL
    CELERY_RESULT_BACKEND = REDIS_URL
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        # A task of a killed worker is given to another one after this many seconds.
        "visibility_timeout": env.int("TASK_VISIBILITY_SECONDS", default=3600),
        # A worker killed while it gave tasks back holds that lock so long (kombu's default is 300).
        "unacked_mutex_expire": 30,
        "global_keyprefix": f"{KEY_PREFIX}:",
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
    }
    CELERY_RESULT_BACKEND_TRANSPORT_OPTIONS = {"global_keyprefix": f"{KEY_PREFIX}:"}
else:
    BROKER_DIR = DATA_DIR / "broker"
    for folder in ("queue", "processed", "control", "results"):
        (BROKER_DIR / folder).mkdir(parents=True, exist_ok=True)
    CACHES = {
        "default": {
            "BACKEND": "core.cache.ProcessCache",
            "LOCATION": "gridcenter",
            "OPTIONS": {"MAX_ENTRIES": 4000},  # tiles beside counters: Django's 300 would throw these out
        }
    }
    CELERY_BROKER_URL = "filesystem://localhost"  # without a host kombu warns at every start
    CELERY_RESULT_BACKEND = f"file://{BROKER_DIR / 'results'}"
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_DIR / "queue"),
        "data_folder_out": str(BROKER_DIR / "queue"),
        "processed_folder": str(BROKER_DIR / "processed"),
        "control_folder": str(BROKER_DIR / "control"),
    }
CELERY_TASK_DEFAULT_QUEUE = "gridcenter"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TRACK_STARTED = True
CELERY_TIMEZONE = "Asia/Shanghai"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE_FILENAME = str(DATA_DIR / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE = {
    # Each looks for everything that is due: one that waited for a minute has nothing to add to the next.
    "sweep-clocks": {"task": "events.tasks.sweep_clocks", "schedule": 60.0, "options": {"expires": 55}},
    "fold-figures": {"task": "events.tasks.fold_figures", "schedule": 10.0, "options": {"expires": 9}},
    "watch-over": {"task": "duty.tasks.watch_over", "schedule": 60.0, "options": {"expires": 55}},
    "seal-history": {"task": "events.tasks.seal_history", "schedule": crontab(hour=0, minute=20)},
    "drop-uploads": {"task": "events.tasks.drop_uploads", "schedule": crontab(hour=3, minute=40)},
    "purge-imports": {"task": "residents.tasks.purge_imports", "schedule": crontab(hour=3, minute=50)},
    "count-quality": {"task": "residents.tasks.count_quality", "schedule": crontab(minute=25), "options": {"expires": 3000}},
    "keep-no-longer": {"task": "events.tasks.keep_no_longer", "schedule": crontab(hour=3, minute=10)},
    "forget-phones": {"task": "duty.tasks.forget_phones", "schedule": crontab(hour=3, minute=20)},
    "forget-patrols": {"task": "fieldwork.tasks.forget_patrols", "schedule": crontab(hour=3, minute=30)},
    "close-patrols": {"task": "fieldwork.tasks.close_patrols", "schedule": 600.0, "options": {"expires": 540}},
    "learn-habits": {"task": "events.tasks.learn_habits", "schedule": crontab(hour=2, minute=10)},
    "sweep-papers": {"task": "papers.tasks.sweep_papers", "schedule": 60.0, "options": {"expires": 55}},
    "settle-support": {"task": "events.tasks.settle_support", "schedule": crontab(hour=1, minute=50)},
    # 1st of the month, 02:00, and first day of the quarter, 02:30. The tasks also score what was missed.
    "score-months": {
        "task": "evaluation.tasks.score_due",
        "schedule": crontab(day_of_month=1, hour=2, minute=0),
        "args": ("month",),
    },
    "score-quarters": {
        "task": "evaluation.tasks.score_due",
        "schedule": crontab(month_of_year="1,4,7,10", day_of_month=1, hour=2, minute=30),
        "args": ("quarter",),
    },
    # A database or broker that was away in that minute must not cost a month: what is scored is not scored again.
    "score-missed-months": {
        "task": "evaluation.tasks.score_due",
        "schedule": crontab(hour=4, minute=10),
        "args": ("month",),
    },
    "score-missed-quarters": {
        "task": "evaluation.tasks.score_due",
        "schedule": crontab(hour=4, minute=30),
        "args": ("quarter",),
    },
}

# --- Language, time -------------------------------------------------------------------------------------------
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "简体中文"), ("en", "English")]
LOCALE_PATHS = [BASE_DIR / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

# GDAL < 3.9 may open files and addresses named in a spatial reference; none is ever taken from a user.
SILENCED_SYSTEM_CHECKS = ["gis.W001"]

# --- Files ----------------------------------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = Path(env("STATIC_ROOT", default=str(DATA_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = Path(env("MEDIA_ROOT", default=str(DATA_DIR / "media")))
MEDIA_URL = "/media-is-served-by-views-only/"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if GRIDCENTER_MODE == "test"
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = GRIDCENTER_MODE == "test"
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_PERMISSIONS = 0o640
ATTACHMENT_MAX_BYTES = env.int("ATTACHMENT_MAX_BYTES", default=20 * 1024 * 1024)
DJANGO_VITE = {
    "default": {
        "dev_mode": False,
        "manifest_path": BASE_DIR / "static/dist/manifest.json",
        "static_url_prefix": "dist",
    }
}

# --- People ---------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
    "grids.backends.PostBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
if GRIDCENTER_MODE == "test":
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
LOGIN_URL = "accounts:login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "accounts:login"
SESSION_ENGINE = "core.sessions"
SESSION_COOKIE_AGE = 12 * 3600  # one long shift
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_HTTPONLY = False
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25  # hours
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "accounts/locked.html"
AXES_ENABLE_ADMIN = False
AXES_HANDLER = "axes.handlers.database.AxesDatabaseHandler"

# --- Private data ---------------------------------------------------------------------------------------------
UNMASK_PER_DAY = env.int("UNMASK_PER_DAY", default=100)  # records that one person may unmask or open in a day
ACCESS_MANY_PER_DAY = env.int("ACCESS_MANY_PER_DAY", default=30)  # from here on a look is flagged as one of many
ACCESS_MANY_ROWS = env.int("ACCESS_MANY_ROWS", default=5000)  # an export of so many rows is flagged
SUPPRESS_BELOW = env.int("SUPPRESS_BELOW", default=5)  # smaller figures of people are left out on shared screens
STALE_DAYS = env.int("STALE_DAYS", default=365)  # a record nobody confirmed for so long counts as stale
# Days after death or departure, or after a case was closed or a shift was over; 0: never.
ARCHIVE_DAYS = env.int("ARCHIVE_DAYS", default=1095)
ERASE_DAYS = env.int("ERASE_DAYS", default=3650)
CONTACT_DAYS = env.int("CONTACT_DAYS", default=365)
PATROL_KEEP_DAYS = env.int("PATROL_KEEP_DAYS", default=400)  # a year's figures and the month before; 0: for good

# --- Papers ---------------------------------------------------------------------------------------------------
# Where residents reach this system: QR codes on signs and cards hold PUBLIC_URL + RESIDENT_PAGE ({code}, {id} of a grid).
PUBLIC_URL = env("PUBLIC_URL", default="" if SERVICE else "http://127.0.0.1:8000")
RESIDENT_PAGE = env("RESIDENT_PAGE", default="") or "/g/{code}/"
PAPER_KEEP_DAYS = env.int("PAPER_KEEP_DAYS", default=7)  # finished papers are removed after so long

# --- Transport ------------------------------------------------------------------------------------------------
USE_TLS = env.bool("USE_TLS", default=SERVICE)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = USE_TLS
SECURE_SSL_REDIRECT = USE_TLS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if USE_TLS else None
SECURE_HSTS_SECONDS = 31536000 if USE_TLS else 0
# Each is a promise for hosts that are not ours, and the second one cannot be taken back for months: off unless asked for.
SECURE_HSTS_INCLUDE_SUBDOMAINS = USE_TLS and env.bool("HSTS_SUBDOMAINS", default=False)
SECURE_HSTS_PRELOAD = SECURE_HSTS_INCLUDE_SUBDOMAINS and env.bool("HSTS_PRELOAD", default=False)
SILENCED_SYSTEM_CHECKS += ["security.W005", "security.W021"]  # they ask for the two above
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
MAP_TILES_CRS = env("MAP_TILES_CRS", default=basemap.MERCATOR)
MAP_TILES_URL = basemap.told(env("MAP_TILES_URL", default=""), MAP_TILES_CRS)
# The base map's host and no other; the large map and redrawn tiles fetch its pictures, the small one shows them.
TILE_HOSTS = sorted({basemap.origin(MAP_TILES_URL), *env.list("TILE_HOSTS", default=[])} - {""})
CONTENT_SECURITY_POLICY = {
    "EXCLUDE_URL_PREFIXES": [],
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:", "blob:", *TILE_HOSTS],
        "connect-src": [SELF, *TILE_HOSTS],
        "style-src": [SELF, "'unsafe-inline'"],
        "script-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "frame-ancestors": [NONE],
        "form-action": [SELF],
    },
}

# --- Map ------------------------------------------------------------------------------------------------------
# No tiles by default: an intranet has none. TILES=[] turns them off (None would ask another host).
MAP_TILES_ATTRIBUTION = env("MAP_TILES_ATTRIBUTION", default="")
LEAFLET_CONFIG = {
    # The admin's map cannot redraw tiles of another system than web mercator: it does without.
    "TILES": [("base", MAP_TILES_URL, {"attribution": MAP_TILES_ATTRIBUTION})]
    if MAP_TILES_URL and MAP_TILES_CRS == basemap.MERCATOR
    else [],
    "ATTRIBUTION_PREFIX": "",
    "DEFAULT_CENTER": (27.65, 113.49),
    "DEFAULT_ZOOM": 10,
    "RESET_VIEW": False,
}

# --- API ------------------------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "grids.api.authentication.TokenAuthentication",
        "exchange.authentication.UnitKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["core.api.renderers.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "core.api.parsers.OrjsonParser",
        "rest_framework.parsers.MultiPartParser",
        "rest_framework.parsers.FormParser",
    ],
    "DEFAULT_FILTER_BACKENDS": ["core.api.filtering.GivenFilters"],
    "DEFAULT_PAGINATION_CLASS": "core.api.pagination.KeysetPagination",
    "PAGE_SIZE": 20,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "core.api.problems.handler",
    "DEFAULT_THROTTLE_CLASSES": ["core.api.throttling.UserThrottle", "core.api.throttling.AnonThrottle"],
    # An address is that of the connection. Which proxy's X-Forwarded-For is believed uvicorn knows: FORWARDED_ALLOW_IPS.
    "NUM_PROXIES": 0,
    "DEFAULT_THROTTLE_RATES": {
        "user": env("THROTTLE_USER", default="600/min"),
        "anon": env("THROTTLE_ANON", default="60/min"),
        "login": env("THROTTLE_LOGIN", default="10/min"),
        "upload": env("THROTTLE_UPLOAD", default="120/min"),
    },
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
# A phone logs in again twice a year; a lost one is shut out by a new password or by the administrator.
REST_KNOX = {
    "TOKEN_TTL": timedelta(days=env.int("TOKEN_DAYS", default=180)),
    "AUTO_REFRESH": False,
    "TOKEN_LIMIT_PER_USER": 10,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "gridcenter API",
    "DESCRIPTION": "Grids, case standards, events and their steps, scorecards. Guide: docs/api.md.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "EventStatus": "events.workflow.Status",
        "Action": "events.workflow.ACTIONS",
        "StepAction": "events.api.inputs.STEP_ACTIONS",
        "UnitKind": "grids.models.unit.Unit.Kind",
        "StandardKind": "events.models.standard.Standard.Kind",
        "AttachmentKind": "events.models.attachment.Attachment.Kind",
        "WarningLevel": "duty.models.warning.Level",
        "WarningCause": "duty.models.warning.Cause",
        "ShiftRole": "duty.models.roster.Shift.Role",
        "PatrolState": "fieldwork.models.patrol.Patrol.State",
        "PeriodKind": "evaluation.models.scheme.Kind",
        "PeriodStatus": "evaluation.models.period.Period.Status",
        "SubjectKind": "evaluation.api.shapes.SUBJECTS",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "core.api.schema.add_problems",
    ],
}

# --- Logs -----------------------------------------------------------------------------------------------------
DJANGO_GUID = {
    "GUID_HEADER_NAME": "X-Request-ID",
    "VALIDATE_GUID": False,
    "RETURN_HEADER": True,
    "EXPOSE_HEADER": False,
    "INTEGRATIONS": [CeleryIntegration()],  # a task's lines bear the id of the request that sent it, else one of their own
    "UUID_FORMAT": "hex",
}
LOG_FORMAT = one_of("LOG_FORMAT", ("json", "text"), "json" if SERVICE else "text")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "django_guid.log_filters.CorrelationId"}},
    "formatters": {
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s %(message)s %(correlation_id)s",
            "rename_fields": {"asctime": "time", "levelname": "level", "correlation_id": "request_id"},
            "json_ensure_ascii": False,
        },
        "text": {"format": "%(asctime)s %(levelname)s %(name)s [%(correlation_id)s] %(message)s"},
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": LOG_FORMAT, "filters": ["request_id"]}
    },
    "root": {"handlers": ["console"], "level": one_of("LOG_LEVEL", LOG_LEVELS, "INFO" if SERVICE else "WARNING")},
    "loggers": {
        "django_guid": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
        "celery": {"level": one_of("LOG_LEVEL", LOG_LEVELS, "INFO")},
        "weasyprint.progress": {"level": "WARNING"},
        "uvicorn": {"handlers": ["console"], "level": "WARNING", "propagate": False},  # in place of its own format
    },
}

IMPORT_EXPORT_USE_TRANSACTIONS = True
IMPORT_EXPORT_SKIP_ADMIN_LOG = False
