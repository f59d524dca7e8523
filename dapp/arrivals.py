"""Sealed bytes on their way from a browser into the vault. Ciphertext only; no Streamlit here.

A script that asks a browser to seal anew opens a ticket; the browser hands the bytes in under it,
over `PUT /sealed`:

    commitment (32) | envelopes (1,234 each: the owner's, then the readers' as asked) | record

Anybody can open a page and claim an account, so tickets are few, end with their script or by
themselves, and take no more than the present version explains. What came in under a ticket and
was never sent to the chain is let go of with it.
"""

import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from core.errors import InputError, StoreError
from core.flows.reseal import ResealPlan
from core.hashing import Address
from core.ports import Reception
from core.records import Received
from ipfs.envelope import ENVELOPE_BYTES

MOST_OPEN = 8
KEEP_SECONDS = 1_800
"""Longer than a person takes to unlock and sign; then a forgotten page gives its place up."""
COMMITMENT_BYTES = 32


@dataclass(slots=True, kw_only=True, eq=False)
class Arrival:
    """What one script waits for."""

    plan: ResealPlan
    most_record_bytes: int
    since: float
    ticket: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    received: Received | None = None
    kept: bool = False
    """Whether the chain may hold it: then it stays, whatever becomes of the script."""

    @property
    def accounts(self) -> tuple[Address, ...]:
        """Whose envelopes are due, in order."""
        return (self.plan.context.patient, *(reader.account for reader in self.plan.readers))

    @property
    def head_bytes(self) -> int:
        return COMMITMENT_BYTES + ENVELOPE_BYTES * len(self.accounts)

    @property
    def most_bytes(self) -> int:
        return self.head_bytes + self.most_record_bytes

    def require(self) -> Received:
        """Raises InputError when the browser answered without having handed anything in."""
        if self.received is None:
            raise InputError("The browser sealed nothing.", remedy="Reload the page; try again.")
        return self.received


class Arrivals:
    """The open tickets of one server. Safe to use from several threads."""

    def __init__(self, reception: Callable[[], Reception]) -> None:
        self._reception = reception
        self._open: dict[str, Arrival] = {}
        self._lock = threading.Lock()

    @contextmanager
    def expect(self, plan: ResealPlan, *, present_bytes: int) -> Iterator[Arrival]:
        """A ticket for as long as the context lasts; `present_bytes` is the present record's size.

        Raises InputError when too many are open.
        """
        # The same payload packed by another gzip, and the next step of its padding.
        most = present_bytes + present_bytes // 4 + (1 << 16)
        arrival = Arrival(plan=plan, most_record_bytes=most, since=time.monotonic())
        with self._lock:
            self._make_room()
            self._open[arrival.ticket] = arrival
        try:
            yield arrival
        finally:
            self._end(arrival)

    def find(self, ticket: str) -> Arrival:
        """Raises InputError when there is no such ticket, or no longer."""
        with self._lock:
            arrival = self._open.get(ticket)
        if arrival is None or arrival.received is not None:
            raise InputError("Nothing is expected under this ticket.", remedy="Begin anew.")
        return arrival

    def take(self, ticket: str, body: bytes) -> None:
        """Keep what came in under a ticket, all of it or nothing; once.

        Raises InputError and VerificationError when it is not what was asked for, StoreError.
        """
        arrival = self.find(ticket)
        if not arrival.head_bytes < len(body) <= arrival.most_bytes:
            raise InputError("These are not the bytes that were asked for.", remedy="Begin anew.")
        received = self._receive(arrival, body)
        with self._lock:
            wanted = self._open.get(ticket) is arrival and arrival.received is None
            if wanted:
                arrival.received = received
        if not wanted:
            self._let_go(received)
            raise InputError("This came too late.", remedy="Begin anew.")

    def _receive(self, arrival: Arrival, body: bytes) -> Received:
        places = range(COMMITMENT_BYTES, arrival.head_bytes, ENVELOPE_BYTES)
        envelopes = [body[place : place + ENVELOPE_BYTES] for place in places]
        return self._reception().receive(
            arrival.plan.context,
            arrival.plan.own.commitment,
            body[:COMMITMENT_BYTES],
            body[arrival.head_bytes :],
            dict(zip(arrival.accounts, envelopes, strict=True)),
        )

    def _make_room(self) -> None:
        now = time.monotonic()
        for each in [a for a in self._open.values() if now - a.since > KEEP_SECONDS]:
            del self._open[each.ticket]
        if len(self._open) >= MOST_OPEN:
            raise InputError(
                "Too many records are being sealed anew at this moment.",
                remedy="Try again in a few minutes; taking access back only works now.",
            )

    def _end(self, arrival: Arrival) -> None:
        with self._lock:
            self._open.pop(arrival.ticket, None)
            received = arrival.received
        if received is not None and not arrival.kept:
            self._let_go(received)

    def _let_go(self, received: Received) -> None:
        # What stays for want of a node goes when the next sealing of this record is confirmed.
        with suppress(StoreError):
            self._reception().discard(received.sealing.commitment)
