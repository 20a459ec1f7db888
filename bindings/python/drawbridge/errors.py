"""The exceptions of Drawbridge: one class for each code, all of them `Error`.

`code` is the code's name as it stands in JSON and logs ("not_found"), `hint` one sentence that says what to do about
it, or empty. The docstring of each class says whose fault it is and whether to try again.
"""

from __future__ import annotations

from typing import ClassVar


class Error(Exception):
    """Whatever goes wrong in Drawbridge. Plugins written in Python raise these classes, too."""

    code: ClassVar[str] = "internal"

    def __init__(self, message: str = "", *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message

    def __reduce__(self) -> tuple[object, ...]:
        return _remake, (type(self), self.message, self.hint)


def _remake(kind: type[Error], message: str, hint: str) -> Error:
    return kind(message, hint=hint)


class Invalid(Error, ValueError):
    """The caller's input is wrong; the same call will fail again."""

    code = "invalid"


class Unauthenticated(Error):
    """No credentials, or wrong ones."""

    code = "unauthenticated"


class PaymentRequired(Error):
    """The policy asks for a payment first; the message says which."""

    code = "payment_required"


class Forbidden(Error):
    """The caller is known and may not do this; the policy does not hold."""

    code = "forbidden"


class NotFound(Error):
    """No such thing here."""

    code = "not_found"


class MissingKey(NotFound, KeyError):
    """`store[key]` and `del store[key]` for a key that is not there: both a NotFound and a KeyError."""


class Conflict(Error):
    """Something else changed first, such as a batch's precondition. Read again and retry."""

    code = "conflict"


class Gone(Error):
    """It was here and is over: expired or revoked."""

    code = "gone"


class TooLarge(Error):
    """Beyond a configured bound; the message names the bound."""

    code = "too_large"


class Busy(Error):
    """A queue or a rate limit is full. Retry later."""

    code = "busy"


class Unavailable(Error):
    """A peer, a disk or a component cannot serve now, or was closed. Retry with backoff."""

    code = "unavailable"


class CannotOpen(Error):
    """Sealed data did not open. Deliberately says no more than that."""

    code = "cannot_open"


class Corrupt(Error):
    """Stored data is damaged. Do not retry; restore."""

    code = "corrupt"


class Unsupported(Error):
    """This implementation does not do that."""

    code = "unsupported"


class Internal(Error):
    """A defect in Drawbridge or in a plugin."""

    code = "internal"


#: The class of each code, by the code's name.
BY_CODE: dict[str, type[Error]] = {
    kind.code: kind
    for kind in (Invalid, Unauthenticated, PaymentRequired, Forbidden, NotFound, Conflict, Gone, TooLarge, Busy,
                 Unavailable, CannotOpen, Corrupt, Unsupported, Internal)
}
