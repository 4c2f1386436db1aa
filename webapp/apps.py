from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class WebappConfig(AppConfig):
    name = "webapp"

    def ready(self) -> None:
        from webapp import checks

        checks.register()


class AuditAdminConfig(AdminConfig):
    default_site = "webapp.security.site.AuditSite"
