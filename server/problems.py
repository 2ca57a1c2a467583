"""How an error is told: RFC 9457 problem details with a code a program can switch on."""

from collections.abc import Mapping
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from httpx import HTTPStatusError, ResponseNotRead
from langgraph_sdk.errors import RateLimitError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from home_energy.errors import (
    BadInput,
    Busy,
    HomeEnergyError,
    ModelUnavailable,
    NotFound,
    SetupError,
)

log = structlog.stdlib.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
_LOOPBACK = "api"
"""The host that the server calls itself by."""
OPAQUE = "Something went wrong here; the request id finds it in the server's log."
NOT_READY = "The server is not ready to answer; its operator finds the reason in the log."

CODES = {
    400: "bad_request",
    401: "key_required",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    409: "busy",
    413: "too_large",
    414: "too_large",
    422: "invalid",
    429: "too_many_requests",
    431: "too_large",
    503: "unavailable",
}
"""The code of a status where nothing more exact is known; every other 5xx is `internal`."""


_SENTENCES = {404: "There is no such page.", 405: "This page does not take that method."}
"""In the place of a bare "Not Found"."""


_UNPARSED = "There was an error parsing the body"
"""FastAPI's own words, with status 400, for a body that is no UTF-8."""
_NOT_JSON = "Send the body as JSON, with the header 'Content-Type: application/json'."


class RefusedError(HomeEnergyError):
    """A door turns the caller away, with a status and a code of its own."""

    def __init__(
        self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.headers = status, code, detail, headers


class InvalidField(BaseModel):
    """One value that cannot be used."""

    field: str
    detail: str


class Problem(BaseModel):
    """An error as RFC 9457 problem details."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(examples=["urn:home-energy:problem:not_found"])
    title: str
    status: int
    detail: str
    """One sentence that says what to do."""
    code: str = Field(examples=["not_found"])
    request_id: str
    errors: list[InvalidField] | None = None
    """Which values were invalid; with 422 only."""


def problem(
    status: int,
    detail: str,
    request_id: str,
    *,
    code: str | None = None,
    errors: list[InvalidField] | None = None,
) -> Problem:
    """Describe an error; what went wrong inside (5xx) is the caller's to keep out of `detail`."""
    code = code or CODES.get(status) or ("internal" if status >= 500 else "refused")
    return Problem(
        type=f"urn:home-energy:problem:{code}",
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        request_id=request_id,
        errors=errors,
    )


def response(described: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Answer with a problem."""
    return JSONResponse(
        described.model_dump(exclude_none=True), described.status, headers, MEDIA_TYPE
    )


_WHEN = {
    400: "There is no question to work on.",
    401: "A valid key is missing.",
    403: "The key is not for this, or a page of another site asks.",
    404: "It does not exist, or is another's.",
    408: "The body did not arrive in time.",
    409: "The session is answering another turn.",
    413: "The body is too large.",
    414: "The address is too long.",
    422: "A value cannot be used; `errors` names each.",
    429: "Too many requests, or turns that wait.",
    431: "The headers are too many or too large.",
    500: "Something went wrong here.",
    503: "The server cannot answer yet, or the turn was stopped.",
}
"""When a door answers with an error, as the API's description says it."""
_EVERYWHERE = (401, 403, 408, 413, 414, 422, 429, 431, 500, 503)
"""What every door may answer with."""
_HEADERS = {
    401: {"WWW-Authenticate": {"schema": {"type": "string"}, "description": "`Bearer`."}},
    429: {"Retry-After": {"schema": {"type": "string"}, "description": "Seconds to wait."}},
}
_REQUEST_ID = "6f1c7a3e9d5b4c208e77d1a4b90c3f52"


def described(*statuses: int) -> dict[int | str, dict[str, object]]:
    """Return the OpenAPI responses of a door that may answer with these errors too."""
    return {
        status: {
            "description": _WHEN[status],
            "headers": {
                "X-Request-Id": {"schema": {"type": "string"}},
                **_HEADERS.get(status, {}),
            },
            "content": {
                MEDIA_TYPE: {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "example": problem(status, _WHEN[status], _REQUEST_ID).model_dump(
                        exclude_none=True
                    ),
                }
            },
        }
        for status in sorted({*statuses, *_EVERYWHERE})
    }


def from_error(error: Exception, request_id: str) -> Problem:
    """Map an error to the problem a caller may see; the log keeps what the caller may not."""
    match error:
        case RefusedError():
            return problem(error.status, error.detail, request_id, code=error.code)
        case HTTPStatusError() if detail := _own_refusal(error):
            return problem(error.response.status_code, detail, request_id)
        case NotFound():
            return problem(404, str(error), request_id)
        case Busy():
            return problem(409, str(error), request_id)
        case BadInput():
            return problem(422, str(error), request_id)
        case ModelUnavailable():
            return problem(503, str(error), request_id)
        case SetupError():
            # The sentence is for the operator and may name paths.
            log.error("not_ready", reason=str(error), request_id=request_id)
            return problem(503, NOT_READY, request_id)
        case _:
            log.error("request_failed", exc_info=error, request_id=request_id)
            return problem(500, OPAQUE, request_id)


def _own_refusal(error: HTTPStatusError) -> str | None:
    """Return what the server refused itself, which MCP's door lets through as it is."""
    if error.request.url.host != _LOOPBACK or error.response.status_code >= 500:
        return None
    try:
        return str(error.response.json()["detail"])
    except (ValueError, KeyError, TypeError, ResponseNotRead):
        return None


def headers_of(error: Exception) -> Mapping[str, str] | None:
    """Return the headers an error is told with, as when to ask again."""
    if isinstance(error, RateLimitError | HTTPStatusError) and error.response.status_code == 429:
        return {"retry-after": error.response.headers.get("retry-after", "1")}
    return error.headers if isinstance(error, RefusedError) else None


def handle_problems(app: FastAPI) -> None:
    """Make the app tell every error as a problem."""
    app.add_exception_handler(HomeEnergyError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _ours(request: Request, error: Exception) -> JSONResponse:
    return response(from_error(error, request_id_of(request)), headers_of(error))


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    # `input` is left out: it is the user's own text and belongs in no log or answer.
    errors = [
        InvalidField(
            field=".".join(str(part) for part in item["loc"]),
            detail=str(item["msg"]).removeprefix("Value error, "),
        )
        for item in error.errors()
    ]
    first = errors[0]
    if first.field == "body" and "json" not in request.headers.get("content-type", ""):
        first = InvalidField(field="body", detail=_NOT_JSON)
        errors = [first]
    detail = first.detail if first.detail.endswith(".") else f"{first.field}: {first.detail}."
    return response(problem(422, detail, request_id_of(request), errors=errors))


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    status, detail = error.status_code, str(error.detail)
    if detail == _UNPARSED:
        status, detail = 422, _NOT_JSON
    if status >= 500:
        detail = OPAQUE
    elif detail == HTTPStatus(status).phrase:
        detail = _SENTENCES.get(status, f"{detail}.")
    return response(problem(status, detail, request_id_of(request)), error.headers)


def request_id_of(request: Request) -> str:
    """Return the id that the guard gave this request."""
    return str(request.scope.get("request_id", ""))
