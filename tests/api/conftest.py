import pytest
from knox.models import AuthToken
from rest_framework.test import APIClient


@pytest.fixture
def phone():
    """`phone(user)`: a client with a token, as a worker's phone or a script has."""

    def client(user):
        made = APIClient()
        made.credentials(HTTP_AUTHORIZATION=f"Token {AuthToken.objects.create(user=user)[1]}")
        return made

    return client
