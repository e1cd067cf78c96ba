"""Addresses of what concerns private data and registers of care."""

from django.urls import path

from residents.views import care, privacy, support

urlpatterns = [
    path("unmask/<slug:kind>/<int:pk>/", privacy.unmask, name="unmask"),
    path("access/", privacy.access_log, name="access"),
    path("residents/<int:pk>/looks/", privacy.looks, name="looks"),
    path("residents/<int:pk>/statement/", privacy.statement, name="statement"),
    path("residents/<int:pk>/erase/", privacy.erase, name="erase"),
    path("residents/<int:pk>/registers/", care.registers_of, name="registers"),
    path("care/", care.care, name="care"),
    path("residents/<int:pk>/care/", care.begin, name="care-begin"),
    path("care/<int:pk>/", care.entry, name="care-entry"),
    path("care/<int:pk>/visit/", care.visit, name="care-visit"),
    path("care/<int:pk>/end/", care.end, name="care-end"),
    path("support/<int:pk>/", support.open_file, name="support-file"),
    path("support/<int:pk>/change/", support.change, name="support-change"),
    path("support/<int:pk>/visit/", support.visit, name="support-visit"),
    path("support/<int:pk>/end/", support.end, name="support-end"),
]
