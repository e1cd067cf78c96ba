"""What the OpenAPI document says beyond the views: problem details everywhere, and the two headers to log in with."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension

PROBLEM = {
    "type": "object",
    "description": "Problem details (RFC 9457).",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string", "description": "In the language of the request, for people."},
        "status": {"type": "integer"},
        "code": {
            "type": "string",
            "description": "Stable, for machines: invalid, refused, not_found, conflict …",
        },
        "errors": {
            "type": "object",
            "description": "By field: what is wrong with it, as sentences. Of a list each names the place, from 1.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
    "additionalProperties": True,
}
METHODS = {"get", "post", "put", "patch", "delete"}


def add_problems(result, generator, request, public):
    """Post-processing hook: every operation may answer a problem."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operations in result["paths"].values():
        for method, operation in operations.items():
            if method in METHODS:
                operation["responses"]["default"] = {"description": "A problem", "content": content}
    return result


class TokenScheme(OpenApiAuthenticationExtension):
    target_class = "grids.api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema):
        words = "`Token …` from `POST /api/v1/auth/token/`."
        return {"type": "apiKey", "in": "header", "name": "Authorization", "description": words}


class UnitKeyScheme(OpenApiAuthenticationExtension):
    target_class = "exchange.authentication.UnitKeyAuthentication"
    name = "departmentKey"

    def get_security_definition(self, auto_schema):
        words = "The key of a department's system; an administrator makes it."
        return {"type": "apiKey", "in": "header", "name": "X-Api-Key", "description": words}
