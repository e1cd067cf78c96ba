from django.urls import path

from events.views import bulk, changes, choices, detail, files, inbox, listing, report, saved, work

app_name = "events"
urlpatterns = [
    path("", work.work, name="work"),
    path("events/", listing.listing, name="list"),
    path("events/export.csv", listing.export_csv, name="export"),
    path("events/bulk/", bulk.bulk, name="bulk"),
    path("events/changes/", changes.changes, name="changes"),
    path("events/look/<slug:name>/", choices.look, name="look"),
    path("events/columns/", saved.keep_columns, name="columns"),
    path("views/", saved.save, name="save-view"),
    path("views/<uuid:slug>/", saved.view, name="view"),
    path("views/<uuid:slug>/change/", saved.change, name="change-view"),
    path("events/report/", report.report, name="report"),
    path("events/report/here/", report.here, name="here"),
    path("events/report/standards/", report.standard_options, name="standard-options"),
    path("events/report/grids/", report.grid_options, name="grid-options"),
    path("events/<int:pk>/", detail.detail, name="detail"),
    path("events/<int:pk>/presence/", detail.presence, name="presence"),
    path("events/<int:pk>/<slug:action>/", detail.step, name="step"),
    path("files/<uuid:public_id>/", files.attachment, name="file"),
    path("files/<uuid:public_id>/view/", files.viewing, name="viewing"),
    path("files/<uuid:public_id>/small/", files.thumbnail, name="thumbnail"),
    path("inbox/", inbox.inbox, name="inbox"),
    path("inbox/read/", inbox.read_all, name="read-all"),
    path("inbox/<int:pk>/", inbox.open_notice, name="open-notice"),
]
