"""Addresses of what concerns private data and registers of care."""

from django.urls import path

from residents import views_care, views_privacy, views_support

urlpatterns = [
    path("unmask/<slug:kind>/<int:pk>/", views_privacy.unmask, name="unmask"),
    path("access/", views_privacy.access_log, name="access"),
    path("residents/<int:pk>/looks/", views_privacy.looks, name="looks"),
    path("residents/<int:pk>/statement/", views_privacy.statement, name="statement"),
    path("residents/<int:pk>/erase/", views_privacy.erase, name="erase"),
    path("residents/<int:pk>/registers/", views_care.registers_of, name="registers"),
    path("care/", views_care.care, name="care"),
    path("residents/<int:pk>/care/", views_care.begin, name="care-begin"),
    path("care/<int:pk>/", views_care.entry, name="care-entry"),
    path("care/<int:pk>/visit/", views_care.visit, name="care-visit"),
    path("care/<int:pk>/end/", views_care.end, name="care-end"),
    path("support/<int:pk>/", views_support.open_file, name="support-file"),
    path("support/<int:pk>/change/", views_support.change, name="support-change"),
    path("support/<int:pk>/visit/", views_support.visit, name="support-visit"),
    path("support/<int:pk>/end/", views_support.end, name="support-end"),
]
