from django.urls import path

from events.api import attachments, events, feed, people, standards

urlpatterns = [
    path("me/", people.Me.as_view(), name="me"),
    path("notices/", people.Notices.as_view(), name="notices"),
    path("notices/read/", people.ReadNotices.as_view(), name="read-notices"),
    path("standards/", standards.Standards.as_view(), name="standards"),
    path("standards/<int:pk>/", standards.StandardDetail.as_view(), name="standard"),
    path("workflow/", standards.Workflow.as_view(), name="workflow"),
    path("events/", events.EventList.as_view(), name="events"),
    path("events/map/", events.MapPoints.as_view(), name="map"),
    path("events/counts/", events.Counts.as_view(), name="counts"),
    path("events/repeats/", events.Repeats.as_view(), name="repeats"),
    path("events/export.csv", events.Export.as_view(), name="export"),
    path("events/<int:pk>/", events.EventDetail.as_view(), name="event"),
    path("events/<int:pk>/steps/", events.Steps.as_view(), name="steps"),
    path("attachments/", attachments.Uploads.as_view(), name="attachments"),
    path("attachments/<uuid:public_id>/", attachments.Download.as_view(), name="attachment"),
    path("attachments/<uuid:public_id>/viewing/", attachments.Viewing.as_view(), name="viewing"),
    path("attachments/<uuid:public_id>/thumbnail/", attachments.Thumbnail.as_view(), name="thumbnail"),
    path("transitions/", feed.Transitions.as_view(), name="transitions"),
]
