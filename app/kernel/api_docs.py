"""``/api/docs``: the JSON API as a page without script, beside ``/api/docs/openapi.json``."""

from typing import Any

from litestar import Request
from litestar.openapi.plugins import OpenAPIRenderPlugin

from app.kernel.cookies import CSRF_COOKIE, CSRF_HEADER, cookie_name
from app.kernel.handlers import error_sentences
from app.kernel.web import render


class DocsPage(OpenAPIRenderPlugin):
    """Every operation with its parameters, bodies and answers, grouped by tag; then every code of an error."""

    def __init__(self) -> None:
        super().__init__(path="/")

    def render(self, request: Request[Any, Any, Any], openapi_schema: dict[str, Any]) -> bytes:
        """The page."""
        groups: dict[str, list[dict[str, Any]]] = {}
        for path, item in sorted((openapi_schema.get("paths") or {}).items()):
            for method, operation in item.items():
                if not isinstance(operation, dict) or "responses" not in operation:
                    continue
                tag = (operation.get("tags") or ["API"])[0]
                groups.setdefault(tag, []).append(
                    {
                        "method": method.upper(),
                        "path": path,
                        "summary": operation.get("summary") or "",
                        "description": operation.get("description") or "",
                        "parameters": operation.get("parameters") or [],
                        "body": _schema_name(operation.get("requestBody")),
                        "answers": [
                            (status, answer.get("description", ""), _schema_name(answer))
                            for status, answer in operation["responses"].items()
                        ],
                    }
                )
        schemas = (openapi_schema.get("components") or {}).get("schemas") or {}
        shapes = [(name, shape.get("properties") or {}, shape.get("required") or []) for name, shape in schemas.items()]
        errors = [{"code": code, "status": status, "sentence": said} for code, status, said in error_sentences()]
        return render(
            "web/api_docs.html",
            csrf_header=CSRF_HEADER,
            csrf_cookie=cookie_name(CSRF_COOKIE),
            groups=sorted(groups.items()),
            shapes=sorted(shapes),
            errors=errors,
        ).encode()


def _schema_name(holder: dict[str, Any] | None) -> str:
    """Name of the schema in a body or an answer, with ``[]`` for a list of them."""
    for content in ((holder or {}).get("content") or {}).values():
        schema = content.get("schema") or {}
        many = schema.get("type") == "array"
        inner = schema.get("items") or {} if many else schema
        name = str(inner.get("$ref", "")).rpartition("/")[2]
        if name:
            return name + ("[]" if many else "")
    return ""
