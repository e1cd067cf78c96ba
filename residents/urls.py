from django.urls import include, path

from residents import views, views_boards, views_forms, views_intake, views_life, views_outgoing, views_pages, views_territory

app_name = "residents"
urlpatterns = [
    path("", views.home, name="home"),
    path("", include("residents.urls_care")),
    path("export/<slug:kind>/", views_outgoing.export, name="export"),
    path("imports/", views_intake.imports, name="imports"),
    path("imports/templates/<slug:kind>.xlsx", views_intake.template, name="import-template"),
    path("imports/<int:pk>/", views_intake.one_import, name="import"),
    path("imports/<int:pk>/confirm/", views_intake.confirm, name="import-confirm"),
    path("imports/<int:pk>/decide/", views_intake.decide, name="import-decide"),
    path("imports/<int:pk>/again/", views_intake.again, name="import-again"),
    path("imports/<int:pk>/undo/", views_intake.undo, name="import-undo"),
    path("imports/<int:pk>/discard/", views_intake.discard, name="import-discard"),
    path("imports/<int:pk>/mistakes.csv", views_intake.mistakes, name="import-mistakes"),
    path("buildings/<int:pk>/", views_pages.building, name="building"),
    path("dwellings/<int:pk>/", views_pages.dwelling, name="dwelling"),
    path("households/<int:pk>/", views_pages.household, name="household"),
    path("residents/<int:pk>/", views_pages.resident, name="resident"),
    path("residents/<int:pk>/timeline/", views_pages.timeline, name="timeline"),
    path("organisations/<int:pk>/", views_pages.organisation, name="organisation"),
    path("places/<int:pk>/", views_pages.place, name="place"),
    path("grids/<int:pk>/", views_territory.grid, name="grid"),
    path("due/", views_boards.due_lists, name="due"),
    path("due/counts/", views_boards.due_counts, name="due-counts"),
    path("quality/", views_boards.quality_board, name="quality"),
    path("quality/<slug:code>/", views_boards.faults, name="faults"),
    path("choices/", views_forms.found, name="choices"),
    path("add/<slug:kind>/", views_forms.add, name="add"),
    path("<slug:kind>/<int:pk>/change/", views_forms.change, name="change"),
    path("<slug:kind>/<int:pk>/end/", views_forms.end, name="end"),
    path("<slug:kind>/<int:pk>/confirm/", views_forms.confirm, name="confirm"),
    path("<slug:kind>/<int:pk>/now/<slug:name>/", views_life.happen, name="happen"),
    path("<slug:kind>/<int:pk>/history/", views_pages.history, name="history"),
]
