from django.contrib import admin
from django.urls import path

from webapp import views
from webapp.api import api

urlpatterns = [
    path("", views.shell),
    path("sw.js", views.service_worker),
    path("manifest.webmanifest", views.manifest),
    path("api/v1/", api.urls),
    path("admin/", admin.site.urls),
]
