"""APIs: HTTP routes that Python code answers. The server, its limits and its keys are Drawbridge's."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import Any, Awaitable, Callable, Dict, List, NamedTuple, Optional, Union

from ._component import Component


class Request(NamedTuple):
    """What a client asked for. The body is whole, and within the server's limit for JSON."""

    method: str  #: "GET"
    path: str  #: As it was sent, without the query.
    parameters: Dict[str, str]  #: Of the route: {"id": "7"} for "/things/{id}".
    query: Dict[str, List[str]]
    headers: Dict[str, str]  #: Content-Type, Accept, If-None-Match and User-Agent, in lower case, where they were sent.
    body: bytes
    client: str  #: The name of the API key that came with the request, or "".
    address: str  #: The address of the client.
    id: str  #: As in the X-Request-Id of the answer.

    def json(self) -> Any:
        """The body as JSON. Raises Invalid."""
        from .errors import Invalid
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise Invalid(f"the body is not JSON: {error}") from None


class Response(NamedTuple):
    """An answer. A handler may return the body alone: bytes, a str (text), or what JSON can hold."""

    body: Any = None
    status: int = 200
    content_type: str = ""  #: Empty: by the body, application/octet-stream, text/plain or application/json.
    headers: Dict[str, str] = {}


Answer = Union[Response, bytes, str, Dict[str, Any], List[Any], None]
Handler = Callable[[Request], Union[Answer, Awaitable[Answer]]]


class Route(NamedTuple):
    """One method and path, and who answers. A handler may be `async`."""

    method: str  #: "GET", "POST", "PUT", "DELETE" or "HEAD"; a GET route answers HEAD, too.
    path: str  #: "/things/{id}"
    handler: Handler
    scope: str = "read"  #: What the API key must be good for; "": any key.
    auth: bool = True  #: False: no API key is needed.
    summary: str = ""


class Api(Component, ABC):
    """An HTTP API of the node.

        class Hello(drawbridge.Api):
            def routes(self):
                return [drawbridge.Route("GET", "/hello/{name}", self.hello)]

            def hello(self, request):
                return {"hello": request.parameters["name"]}

    The options of the server (`listen`, limits, timeouts, `access`) are those of every API. A drawbridge.Error that a
    handler raises is answered with the status of its code and its message, anything else with 500 and no message.
    """

    @abstractmethod
    def routes(self) -> List[Route]:
        """The routes, once, before the server starts; (method, path, handler) will do for one."""


def encoded(answer: Any) -> tuple[int, str, Dict[str, str], bytes]:
    """Status, content type, headers and body of what a handler returned. Raises TypeError."""
    response = answer if isinstance(answer, Response) else Response(answer, 204 if answer is None else 200)
    body: Optional[Any] = response.body
    if body is None:
        content, kind = b"", ""
    elif isinstance(body, str):
        content, kind = body.encode(), "text/plain; charset=utf-8"
    elif isinstance(body, (dict, list, tuple, int, float, bool)):
        content, kind = json.dumps(body).encode(), "application/json"
    else:
        content, kind = bytes(memoryview(body)), "application/octet-stream"
    return response.status, response.content_type or kind, dict(response.headers), content


def route_of(route: Any) -> Route:
    """Raises TypeError."""
    made = route if isinstance(route, Route) else Route(*route)
    texts = (made.method, made.path, made.scope, made.summary)
    if not all(isinstance(text, str) for text in texts) or not callable(made.handler):
        raise TypeError(f"{route!r} is no route: (method, path, handler)")
    return made
