from django.apps import AppConfig


class BybitConfig(AppConfig):
    name = "bybit"
    default_auto_field = "django.db.models.BigAutoField"
