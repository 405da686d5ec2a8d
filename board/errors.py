"""Every way to be refused. Raised where the rule is; turned into a page or problem details in one place."""


class Refused(Exception):
    """A request that is understood and not carried out; `detail` says what to do instead."""

    status = 400
    title = "Refused"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = detail


class NotFound(Refused):
    """There is nothing here, or nothing that may be shown."""

    status = 404
    title = "Not found"


class NotAllowed(Refused):
    """This person may not do this."""

    status = 403
    title = "Not allowed"


class SignInFirst(NotAllowed):
    """Nobody is signed in; a page leads to the sign-in."""

    title = "Please sign in"


class ProveFirst(NotAllowed):
    """A colleague is to show again who they are; a page asks for it and comes back to what was begun."""

    title = "Please show that it is you"


class Invalid(Refused):
    """A field is wrong; `fields` maps each one to the sentence that mends it."""

    status = 422
    title = "Please check what you entered"

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = fields

    @property
    def errors(self) -> list[dict[str, str | int]]:
        """One line for each mistake, for programs."""
        return [{"field": field, "detail": detail} for field, detail in self.fields.items()]


class Conflict(Refused):
    """The life-cycle does not allow this now; `allowed` lists the acts that it would allow."""

    status = 409
    title = "Not possible now"

    def __init__(self, detail: str, allowed: tuple[str, ...] = ()) -> None:
        super().__init__(detail)
        self.allowed = allowed


class TooMany(Refused):
    """Too often; `retry_after` is in seconds. Where it `is_of_place`, all that comes from there is refused so long.

    `limit` is the one that is reached: its name, how many, in how many seconds.
    """

    status = 429
    title = "Too many requests"

    def __init__(
        self, detail: str, retry_after: int, *, is_of_place: bool = False, limit: tuple[str, int, int] | None = None
    ) -> None:
        super().__init__(detail)
        self.retry_after, self.is_of_place, self.limit = retry_after, is_of_place, limit


class Unsigned(Refused):
    """The record cannot be signed: this would contradict what was signed before, or the key is not here."""

    status = 503
    title = "The record is not signed just now"
