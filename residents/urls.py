from django.urls import include, path

from residents.views import boards, home, intake, life, outgoing, pages, records, territory

app_name = "residents"
urlpatterns = [
    path("", home.home, name="home"),
    path("", include("residents.urls_care")),
    path("export/<slug:kind>/", outgoing.export, name="export"),
    path("imports/", intake.imports, name="imports"),
    path("imports/templates/<slug:kind>.xlsx", intake.template, name="import-template"),
    path("imports/<int:pk>/", intake.one_import, name="import"),
    path("imports/<int:pk>/confirm/", intake.confirm, name="import-confirm"),
    path("imports/<int:pk>/decide/", intake.decide, name="import-decide"),
    path("imports/<int:pk>/again/", intake.again, name="import-again"),
    path("imports/<int:pk>/undo/", intake.undo, name="import-undo"),
    path("imports/<int:pk>/discard/", intake.discard, name="import-discard"),
    path("imports/<int:pk>/mistakes.csv", intake.mistakes, name="import-mistakes"),
    path("buildings/<int:pk>/", pages.building, name="building"),
    path("dwellings/<int:pk>/", pages.dwelling, name="dwelling"),
    path("households/<int:pk>/", pages.household, name="household"),
    path("residents/<int:pk>/", pages.resident, name="resident"),
    path("residents/<int:pk>/timeline/", pages.timeline, name="timeline"),
    path("organisations/<int:pk>/", pages.organisation, name="organisation"),
    path("places/<int:pk>/", pages.place, name="place"),
    path("grids/<int:pk>/", territory.grid, name="grid"),
    path("due/", boards.due_lists, name="due"),
    path("due/counts/", boards.due_counts, name="due-counts"),
    path("quality/", boards.quality_board, name="quality"),
    path("quality/recount/", boards.recount, name="recount"),
    path("quality/<slug:code>/", boards.faults, name="faults"),
    path("choices/", records.found, name="choices"),
    path("add/<slug:kind>/", records.add, name="add"),
    path("<slug:kind>/<int:pk>/change/", records.change, name="change"),
    path("<slug:kind>/<int:pk>/end/", records.end, name="end"),
    path("<slug:kind>/<int:pk>/confirm/", records.confirm, name="confirm"),
    path("<slug:kind>/<int:pk>/now/<slug:name>/", life.happen, name="happen"),
    path("<slug:kind>/<int:pk>/history/", pages.history, name="history"),
]
