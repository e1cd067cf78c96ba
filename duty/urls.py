from django.urls import path

from duty.views import board, handovers, home, rosters, warnings

app_name = "duty"
urlpatterns = [
    path("", home.home, name="home"),
    path("units/", home.units, name="units"),
    path("units/<int:pk>/", rosters.roster, name="roster"),
    path("units/<int:pk>/copy/", rosters.copy, name="copy"),
    path("units/<int:pk>/settings/", rosters.settings, name="settings"),
    path("units/<int:pk>/upload/", rosters.upload, name="upload"),
    path("units/<int:pk>/roster.xlsx", rosters.export, name="export"),
    path("units/<int:pk>/changes/", rosters.changes, name="changes"),
    path("units/<int:pk>/hand-over/", handovers.new, name="new-hand-over"),
    path("shifts/<int:pk>/", rosters.shift, name="shift"),
    path("hand-overs/", handovers.listing, name="hand-overs"),
    path("hand-overs/<int:pk>/", handovers.detail, name="hand-over"),
    path("hand-overs/<int:pk>/edit/", handovers.edit, name="edit-hand-over"),
    path("hand-overs/<int:pk>/accept/", handovers.accept, name="accept"),
    path("hand-overs/<int:pk>/remark/", handovers.remark, name="remark"),
    path("warnings/", warnings.listing, name="warnings"),
    path("warnings/new/", warnings.new, name="new-warning"),
    path("warnings/banner/", warnings.banner_now, name="banner"),
    path("warnings/<int:pk>/", warnings.detail, name="warning"),
    path("warnings/<int:pk>/take/", warnings.take, name="take"),
    path("warnings/<int:pk>/end/", warnings.end, name="end"),
    path("board/", board.listing, name="board"),
    path("board/whistles/", board.whistles, name="whistles"),
    path("board/by-unit/", board.by_unit, name="by-unit"),
    path("board/<int:pk>/strike/", board.strike, name="strike"),
]
