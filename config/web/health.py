"""The address that a launcher, a proxy or a container asks whether this process can serve: it needs the database."""

from django.db import connection
from django.db.utils import DatabaseError
from django.http import HttpRequest, JsonResponse

from accounts.rules import PUBLIC
from accounts.web.routes import route


def health(request: HttpRequest) -> JsonResponse:
    """Return 200 when the database answers, else 503."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return JsonResponse({"database": "away"}, status=503, headers={"Retry-After": "5"})
    return JsonResponse({"database": "answers"})


web_routes = [route("health/", health, name="health", GET=PUBLIC)]
