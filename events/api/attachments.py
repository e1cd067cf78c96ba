"""Photos and files: uploaded first, bound to an event by the step that brings them."""

from django.http import FileResponse
from drf_spectacular.utils import OpenApiTypes, extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response
from rest_framework.views import APIView

from core.api import fields
from core.api.streaming import pieces_for
from core.api.throttling import UploadThrottle, UserThrottle
from core.errors import NotFound
from events import whole
from events.api import shapes
from events.models import Attachment
from events.services import attachments

TAGS = ["attachments"]
# What a browser may show in place; anything else is offered as a file.
SHOWN = {"image/jpeg", "image/png", "image/webp"}
PIECE = 64 * 1024
UPLOAD = {
    "file": serializers.FileField(max_length=255),
    "kind": serializers.ChoiceField(choices=Attachment.Kind.choices),
}


class Uploads(APIView):
    parser_classes = (MultiPartParser,)
    throttle_classes = (UploadThrottle, UserThrottle)

    @extend_schema(
        request={"multipart/form-data": fields.as_serializer("Upload", UPLOAD, ("file",))},
        responses={201: shapes.AttachmentRow},
        tags=TAGS,
    )
    def post(self, request):
        """Upload a photo (JPEG, PNG, WebP, HEIC), PDF, MP4, MP3 or M4A. The type is checked by content."""
        given = fields.read(request.data.dict(), UPLOAD)
        fields.missing(given, ("file",))
        kind = given.get("kind", Attachment.Kind.OTHER)
        row = attachments.store(actor=request.user, upload=given["file"], kind=kind)
        return Response(whole.photo([getattr(row, name) for name in whole.PHOTO]), status=201)


class Download(APIView):
    """The file, to those who may see its event; one's own upload while it belongs to none."""

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}, tags=TAGS)
    def get(self, request, public_id):
        row = visible(request.user, public_id)
        shown = row.content_type in SHOWN
        return send(request, row.file, row.content_type, row.name, attachment=not shown)


class Thumbnail(APIView):
    """A small picture (WebP, at most 480 pixels)."""

    @extend_schema(responses={(200, "image/webp"): OpenApiTypes.BINARY}, tags=TAGS)
    def get(self, request, public_id):
        row = visible(request.user, public_id)
        if not row.thumbnail:
            raise NotFound
        return send(request, row.thumbnail, "image/webp", f"{public_id}.webp")


class Viewing(APIView):
    """A JPEG (at most 2,048 pixels) of a photo that few browsers show, HEIC; 404 for all others."""

    @extend_schema(responses={(200, "image/jpeg"): OpenApiTypes.BINARY}, tags=TAGS)
    def get(self, request, public_id):
        row = visible(request.user, public_id)
        if not row.viewing:
            raise NotFound
        return send(request, row.viewing, "image/jpeg", f"{public_id}.jpg")


def visible(user, public_id) -> Attachment:
    row = Attachment.objects.visible_to(user).filter(public_id=public_id).first()
    if row is None:
        raise NotFound
    return row


def send(request, stored, content_type, name, *, attachment=False) -> FileResponse:
    try:
        opened = stored.open("rb")
    except FileNotFoundError as error:
        raise NotFound from error
    response = FileResponse(opened, content_type=content_type, filename=name, as_attachment=attachment)
    response.streaming_content = pieces_for(request, iter(lambda: opened.read(PIECE), b""))
    response["Cache-Control"] = "private, max-age=3600"
    response["X-Content-Type-Options"] = "nosniff"
    return response
