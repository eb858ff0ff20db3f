"""Settings of the whole installation. One file, read from the environment (config/environment.py)."""

from urllib.parse import unquote, urlsplit

from csp.constants import SELF
from django.utils.translation import gettext_lazy as _

from config import environment

BASE_DIR = environment.BASE_DIR
RUN_DIR = environment.RUN_DIR
ENV = environment.load()

SECRET_KEY = ENV.secret_key
DEBUG = ENV.debug
ALLOWED_HOSTS = ENV.allowed_hosts.split(",")
PUBLIC_URL = ENV.public_url
STREAMS_URL = ENV.streams_url
BEHIND_PROXY = ENV.behind_proxy
TRUSTED_PROXIES = [one.strip() for one in ENV.trusted_proxies.split(",") if one.strip()]
BANK_URL = ENV.bank_url
BANK_SECRET = ENV.bank_secret
BANK_ACCOUNT = ENV.bank_account
TAX_URL = ENV.tax_url
TAX_SECRET = ENV.tax_secret
LOG_SIGNING_KEY = ENV.log_signing_key
LOG_NAME = ENV.log_name
TIME_TRAVEL = ENV.time_travel
DEMO = ENV.demo
VENUE_NAME = ENV.venue_name
MATCH_QUEUES = ENV.match_queues
REDIS_URL = ENV.redis_url

ROOMS = ["rulebook", "accounts", "settlement", "registry", "exchange", "inclusion"]
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "oauth2_provider",
    "guardian",
    "pgtrigger",
    "django_htmx",
    "csp",
    "config",
    *ROOMS,
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "accounts.web.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "accounts.web.middleware.ActorMiddleware",
    "accounts.web.middleware.AccessMiddleware",
    "config.refusals.RefusalMiddleware",
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
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
                "config.web.frame.frame",
            ],
        },
    }
]


def database(url: str) -> dict[str, object]:
    """Return Django's description of the PostgreSQL database at `url` (a socket folder may stand in `?host=`)."""
    parts = urlsplit(url)
    query = dict(pair.split("=", 1) for pair in parts.query.split("&") if "=" in pair)
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.path.lstrip("/") or "tanhui",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(query.get("host", parts.hostname or "")),
        "PORT": str(query.get("port", parts.port or "")),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"options": "-c lock_timeout=3000 -c statement_timeout=10000 -c timezone=UTC", "connect_timeout": 5},
    }


# `default` is the app's role, which owns nothing; `owner` runs the migrations and nothing else.
DATABASES = {"default": database(ENV.database_url), "owner": database(ENV.database_owner_url or ENV.database_url)}
DATABASES["owner"]["OPTIONS"] = {"options": "-c lock_timeout=3000 -c timezone=UTC"}
DATABASES["owner"]["TEST"] = {"MIRROR": "default"}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
ATOMIC_REQUESTS = False

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
if ENV.demo:
    PASSWORD_HASHERS = ["config.demo.passwords.DemonstrationHasher"]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "workbench"
ANONYMOUS_USER_NAME = None  # guardian makes no person of nobody.

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Chinese")), ("en", _("English"))]
LOCALE_PATHS = sorted(path for path in (BASE_DIR / "locale").iterdir() if path.is_dir())
USE_I18N = True
USE_TZ = True
TIME_ZONE = "Asia/Shanghai"

STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static", *([RUN_DIR / "vendor"] if (RUN_DIR / "vendor").is_dir() else [])]
STATIC_ROOT = RUN_DIR / "static"
# Names with a digest, so that a browser keeps them for ever; `collectstatic` makes them and finds what is missing.
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = ENV.media_root
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = ENV.secure_cookies
CSRF_COOKIE_SECURE = ENV.secure_cookies
SESSION_COOKIE_AGE = 12 * 3600
CSRF_FAILURE_VIEW = "config.refusals.csrf_failed"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF, *([ENV.streams_url] if ENV.streams_url else [])],
        "frame-ancestors": ["'none'"],
        "form-action": [SELF],
        "base-uri": [SELF],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.api.authentication.ActorAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["accounts.api.permissions.RouteAccess"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["accounts.api.parsers.StrictJSONParser"],
    "DEFAULT_PAGINATION_CLASS": "accounts.api.pagination.CursorPage",
    "DEFAULT_THROTTLE_CLASSES": ["accounts.api.throttling.ClientThrottle"],
    "DEFAULT_SCHEMA_CLASS": "accounts.api.documentation.ApiSchema",
    "EXCEPTION_HANDLER": "config.refusals.api_exception_handler",
    "UNAUTHENTICATED_USER": None,
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Tanhui API",
    "DESCRIPTION": "碳汇: register, issue, trade, settle and retire regional carbon credits.",
    "VERSION": "1.0.0",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_COERCE_PATH_PK": False,
    "COMPONENT_SPLIT_PATCH": False,
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": ["config.api.openapi.with_refusals"],
}
# The toolkit's own model, said aloud: a foreign key to it is resolved through this setting.
OAUTH2_PROVIDER_APPLICATION_MODEL = "oauth2_provider.Application"
OAUTH2_PROVIDER = {
    "ACCESS_TOKEN_EXPIRE_SECONDS": 3600,
    "SCOPES_BACKEND_CLASS": "accounts.api.scopes.RoomScopes",
    "ALLOWED_GRANT_TYPES": ["client-credentials"],
}

CELERY_BROKER_URL = ENV.redis_url or "redis://127.0.0.1:1/0"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "socket_timeout": 5, "socket_connect_timeout": 2}
CELERY_TASK_DEFAULT_QUEUE = "jobs"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "UTC"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
SILENCED_SYSTEM_CHECKS = ["guardian.W001"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": ENV.log_level},
    "loggers": {"django.request": {"level": "ERROR"}, "django.server": {"level": "WARNING"}},
}
