from django.urls import path

from duty.api import views

urlpatterns = [
    path("warnings/", views.Warnings.as_view(), name="warnings"),
    path("warnings/<int:pk>/", views.OneOfThem.as_view(), name="warning"),
    path("warnings/<int:pk>/take/", views.Take.as_view(), name="warning-take"),
    path("warnings/<int:pk>/end/", views.End.as_view(), name="warning-end"),
    path("on-duty/", views.OnDuty.as_view(), name="on-duty"),
]
