"""The floor: what Django REST framework costs here when it does next to nothing.

The same server, middleware, renderer and database connection as the product, but no login, no throttle, no scope,
no filters, no links. `Insert`: one INSERT through the ORM. `Select`: one indexed SELECT of `n` rows without a join,
through a plain ModelSerializer with as many columns as a row of the product's list has.
"""

import os

from django.http import HttpResponse
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from bench.models import FloorNote
from events.models import Event

COLUMNS = (
    "id", "number", "status", "source", "urgency", "description", "place", "grid_id", "standard_id", "holder_id",
    "lead_id", "due_at", "yellow_at", "late", "supervised", "reported_at", "registered_at", "closed_at", "stars",
    "head_seq",
)  # fmt: skip


class NoteSerializer(serializers.ModelSerializer):
    class Meta:
        model = FloorNote
        fields = ("id", "text", "amount", "created_at")


class RowSerializer(serializers.ModelSerializer):
    class Meta:
        model = Event
        fields = COLUMNS


class Bare(APIView):
    authentication_classes = ()
    permission_classes = ()
    throttle_classes = ()
    schema = None


class Insert(Bare):
    def post(self, request):
        serializer = NoteSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        serializer.save()
        return Response(serializer.data, status=201)


class Select(Bare):
    def get(self, request, n):
        rows = Event.objects.filter(status="evaluated").order_by("-id")[:n]
        return Response({"results": RowSerializer(rows, many=True).data})


def worker(request):
    """Which of the server's processes answers."""
    return HttpResponse(str(os.getpid()), content_type="text/plain")
