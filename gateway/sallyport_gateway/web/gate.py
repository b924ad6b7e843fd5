"""Who may read: an officer who signed in, with a reason that is kept. Acts need no sign-in: each is itself signed."""

from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from typing import Any, Final

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from sallyport_gateway.web.ports import NOBODY, Reader, Readers
from sallyport_protocol.errors import RoadError

COOKIE: Final = "sallyport-reader"
_OPEN: Final = ("/static/", "/assets/", "/acts/")
"""What a stranger may ask for: the way in, and nothing about anybody."""

Free = Callable[[Scope], bool]
"""Whether a request needs no sign-in: on the development estate's own machine."""


class Gate:
    """Lets readers in, and everybody to the sign-in page. Puts the reader into the request's state."""

    def __init__(self, app: ASGIApp, readers: Readers | None, free: Free) -> None:
        self._app, self._readers, self._free = app, readers, free

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http" or _is_open(scope):
            await self._app(scope, receive, send)
            return
        token = token_of(scope)
        try:
            reader = await self._readers.reader(token) if self._readers is not None and token else None
        except RoadError as error:
            await _say(str(error), 503)(scope, receive, send)
            return
        if reader is None and (self._readers is None or self._free(scope)):
            reader = NOBODY
        if reader is None:
            await _to_the_way_in(scope)(scope, receive, send)
            return
        scope.setdefault("state", {})["reader"] = reader
        await self._app(scope, receive, send)


def reader_of(state: Any) -> Reader:
    """The reader whom the gate let in."""
    found = getattr(state, "reader", NOBODY)
    return found if isinstance(found, Reader) else NOBODY


def token_of(scope: Scope) -> str:
    """What the browser shows of its sign-in; empty for nothing."""
    for line in Headers(scope=scope).getlist("cookie"):
        try:
            found = SimpleCookie(line).get(COOKIE)
        except CookieError:
            continue
        if found is not None:
            return found.value
    return ""


def remember(response: Response, token: str, life_s: int, secure: bool) -> None:
    """Gives a browser its sign-in: no script can read it, no other site can send it."""
    response.set_cookie(COOKIE, token, max_age=life_s, path="/", secure=secure, httponly=True, samesite="strict")


def forget(response: Response) -> None:
    """Takes it back."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")


def on_loopback(scope: Scope) -> bool:
    """Whether the request came from this machine."""
    client = scope.get("client")
    try:
        return client is not None and ip_address(client[0]).is_loopback
    except ValueError:
        return False


def nobody_free(scope: Scope) -> bool:
    """Every reader signs in."""
    return False


def _is_open(scope: Scope) -> bool:
    path, method = str(scope["path"]), scope["method"]
    if method == "POST" and path in ("/api/acts", "/sign-out"):
        return True
    return path == "/sign-in" or path.startswith(_OPEN)


def _to_the_way_in(scope: Scope) -> Response:
    path = scope["path"]
    for_people = scope["method"] == "GET" and not path.startswith("/api/") and not path.endswith("/events")
    for_people = for_people or path == "/search"  # a form, sent after the sign-in ran out
    if for_people and "/photograph/" not in path:
        return RedirectResponse("/sign-in", 303)
    return _say("Sign in first: who reads about a person is recorded.", 401)


def _say(sentence: str, status: int) -> Response:
    return JSONResponse({"accepted": False, "sentences": [sentence]}, status)
