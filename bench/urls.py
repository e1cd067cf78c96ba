"""The product's addresses, and those of the floor."""

from django.urls import path

from bench import floor
from gridcenter.urls import urlpatterns as product

urlpatterns = [
    path("bench/insert/", floor.Insert.as_view()),
    path("bench/worker/", floor.worker),
    path("bench/select/<int:n>/", floor.Select.as_view()),
    *product,
]
