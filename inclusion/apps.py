from django.apps import AppConfig


class InclusionConfig(AppConfig):
    name = "inclusion"
    default_auto_field = "django.db.models.BigAutoField"
