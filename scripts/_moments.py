"""Moments as commands take and say them: in UTC."""

from datetime import UTC, datetime

from core.errors import InputError


def parse_moment(text: str) -> int:
    """`2026-03-01` or `2026-03-01T14:30`, in UTC, as seconds since 1970. Raises InputError."""
    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
    except ValueError as error:
        raise InputError(
            f"{text!r} is no moment.", remedy="Write 2026-03-01 or 2026-03-01T14:30, in UTC."
        ) from error


def in_words(seconds: int) -> str:
    """Seconds since 1970 for a person."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%d %b %Y, %H:%M UTC")
