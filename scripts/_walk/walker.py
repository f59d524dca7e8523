"""One walk: draw a call, sign it or forge it, and hold the contract against the model."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from core.audit import replay
from core.consent import ConsentModel
from core.consent_state import Refused
from core.credentials import CredentialsModel
from core.credentials import Log as RegistryLog
from core.eip712 import Domain
from core.events import ChainEvent, Position
from core.hashing import ZERO_ADDRESS, Address, abi_word, keccak256
from ledger.artifact import Artifact
from scripts._walk.actors import LONGEST_SIGNATURE, ORDER, Actors
from scripts._walk.calls import TWINS, Arguments, Calls
from scripts._walk.machine import Machine, Outcome, RawLog, raw_log
from scripts._walk.views import Views

CHAIN, FORK, START = 31_337, 7, 1_800_000_000
JUMPS = (1, 1, 1, 60, 60, 3_600, 3_600, 86_400, 86_400, 7 * 86_400, 7 * 86_400, 400 * 86_400)
STEPS_BETWEEN_LOOKS = 500
REMEMBERED = 64
_SIGNATURES = ("signature", "cosignature")


class Violation(Exception):
    """The contract and the model part, or an invariant does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A call that was made, to be made again later."""

    name: str
    sender: Address
    arguments: Arguments


class Walker:
    """Both contracts and both models from one beginning."""

    def __init__(
        self,
        artifact: Artifact,
        seed: int,
        random: Random | None = None,
        machine: Callable[..., Machine] = Machine,
    ) -> None:
        self.seed = seed
        self.random = random or Random(seed)  # noqa: S311  # a walk repeats from its seed
        self.actors = Actors(seed)
        self.now = START
        regulator = self.actors.everybody[0]
        # Every fourth world is one whose chain forked after the contracts were deployed (S5).
        self.forked = seed % 4 == 3
        self.chain = FORK if self.forked else CHAIN
        self.machine = machine(
            artifact,
            regulator,
            chain_id=self.chain,
            now=self.now,
            forked_from=CHAIN if self.forked else None,
        )
        for account in self.actors.wallets:
            self.machine.make_wallet(account)
        self.machine.delegate(self.actors.delegated)
        self.registry = CredentialsModel(regulator)
        domain = Domain(chain_id=self.chain, verifying_contract=self.machine.consent)
        self.consent = ConsentModel(domain, self.actors.agrees, self.registry.is_licensed)
        self.calls = Calls(self.random, self.actors, self.consent, self.registry)
        self.views = Views(self.machine, self.consent, self.registry, self.actors)
        self.done: list[Made] = []
        self.events: list[ChainEvent] = []
        self.outcomes: Counter[str] = Counter()
        self._tick(0)
        self._refuse_to_deploy(artifact)
        self._begin()

    def walk(self, steps: int) -> None:
        """Raises Violation, with the seed, the step and the call."""
        for step in range(steps):
            try:
                self._step()
                if step % STEPS_BETWEEN_LOOKS == STEPS_BETWEEN_LOOKS - 1:
                    self.views.look_at_everything()
            except AssertionError as error:
                last = self.done[-1] if self.done else None
                raise Violation(f"seed {self.seed}, step {step}: {error}; after {last}") from error
        self.views.look_at_everything()
        self._replay()

    def _refuse_to_deploy(self, artifact: Artifact) -> None:
        """Neither contract stands without what it relies on."""
        nobody = Outcome(refusal="empty account")
        registry = artifact.credentials or artifact
        _equal(self.machine.deployment(registry, ZERO_ADDRESS), nobody, "no regulator")
        without_code = self.actors.everybody[0]
        _equal(self.machine.deployment(artifact, without_code), nobody, "no Credentials")

    def _begin(self) -> None:
        """Licences, reading keys and a policy, so that emergencies begin early."""
        regulator, *others = self.actors.everybody
        self._call_registry("add_issuer", regulator, {"issuer": others[0]})
        for clinician in others[1:5]:
            terms = {"clinician": clinician, "until": self.now + 3_000 * 86_400}
            self._call_registry("license", others[0], terms)
            key = {"account": clinician, "key": keccak256(clinician.encode()) * 38}
            self._call("publish_reading_key", clinician, {**key, "deadline": 0, "signature": b""})
        for patient in self.actors.patients:
            policy = {"patient": patient, "mode": 1, "delay": 0, "window": 72, "record": bytes(32)}
            self._call("set_emergency_policy", patient, policy | {"deadline": 0, "signature": b""})

    def _step(self) -> None:
        chance = self.random.random()
        if chance < 0.1:
            self._tick(self._jump())
        elif chance < 0.16:
            name, arguments, sender = self.calls.draw_for_registry()
            self._call_registry(name, sender, arguments)
        elif chance < 0.22 and self.done:
            made = self.random.choice(self.done)
            self._call(made.name, made.sender, made.arguments)
        else:
            self._call(*self._signed(*self.calls.draw()))

    def _jump(self) -> int:
        """A span, or just as long as to the second in which something begins or ends."""
        moments = [each for each in self.calls.moments() if each > self.now + 1]
        if moments and self.random.random() < 0.5:
            return self.random.choice(moments) - self.now + self.random.choice((-1, 0, 0, 1))
        return self.random.choice(JUMPS)

    def _tick(self, seconds: int) -> None:
        self.now += seconds
        self.consent.now = self.registry.now = self.now
        self.machine.set_time(self.now)

    def _call(self, name: str, sender: Address, arguments: Arguments) -> None:
        before = dict(self.consent.heads)
        outcome = self.machine.call(self.machine.consent, name, sender, arguments)
        try:
            logs = self.consent.call(name, sender, **arguments)
        except Refused as refused:
            expected = Outcome(refusal=refused.reason)
        else:
            expected = Outcome(refusal=None, logs=tuple(map(raw_log, logs)))
            self._remember(logs)
        _equal(outcome, expected, f"{name} by {sender}")
        self.outcomes[f"{name}: {outcome.refusal or 'done'}"] += 1
        made = Made(name=name, sender=sender, arguments=arguments)
        self.done = [*self.done[-REMEMBERED:], made]
        self.views.look_at(arguments, before, outcome)

    def _call_registry(self, name: str, sender: Address, arguments: Arguments) -> None:
        outcome = self.machine.call(self.machine.credentials, name, sender, arguments)
        try:
            logs = self.registry.call(name, sender, **arguments)
        except Refused as refused:
            expected = Outcome(refusal=refused.reason)
        else:
            expected = Outcome(refusal=None, logs=tuple(map(_registry_log, logs)))
        _equal(outcome, expected, f"{name} by {sender}")
        self.outcomes[f"{name}: {outcome.refusal or 'done'}"] += 1
        self.views.look_at_registry()

    def _remember(self, logs: tuple[ChainEvent, ...]) -> None:
        for event in logs:
            place = len(self.events) + 1
            at = Position(block=place, log_index=0, timestamp=self.now, transaction=bytes(32))
            self.events.append(replace(event, at=at))

    def _replay(self) -> None:
        """I5 and the auditor's rules: what was logged adds up to the heads, and breaks no rule."""
        audit = replay(self.events)  # type: ignore[arg-type]  # every ChainEvent is one of Event
        heads = {patient: self.consent.head(patient) for patient in audit.heads}
        if (
            audit.violations
            or audit.heads != heads
            or audit.roster_head != self.consent.roster_head
        ):
            found = [finding.what for finding in audit.violations[:3]]
            raise Violation(f"seed {self.seed}: the events do not add up: {found}")

    # Signatures

    def _signed(self, name: str, arguments: Arguments) -> tuple[str, Address, Arguments]:
        """The call as somebody would make it: sent, carried, or forged."""
        names = self.machine.takes(self.machine.consent, name)
        asked = self._who_must_sign(name, names, arguments)
        sender = self._sender(name, arguments)
        if "signature" in names and asked:
            sender = self._sign(name, arguments, asked, sender)
        elif "signature" in names and self.calls.seldom(0.5):
            arguments["signature"] = _of_nobody(self.random)
        if sender == self.actors.delegated and any(map(arguments.get, _SIGNATURES)):
            sender = self.actors.everybody[0]  # while it sends, it has no code to agree with
        return name, sender, {each: arguments.get(each, b"") for each in names}

    def _who_must_sign(
        self, name: str, names: tuple[str, ...], arguments: Arguments
    ) -> list[tuple[Address, bytes]]:
        """(account, digest) of each signature that the call needs now; none if it fails before."""
        if "signature" not in names:
            return []
        asked: list[tuple[Address, bytes]] = []

        def note(account: Address, digest: bytes, _: bytes) -> bool:
            asked.append((account, digest))
            return True

        trial = {each: arguments.get(each, b"") for each in names}
        trial |= {each: b"\1" for each in _SIGNATURES if each in names}
        if arguments["deadline"] < self.now:
            return []  # nobody signs what is too late
        self._with_agrees(note, lambda: self._try(name, trial))
        return asked

    def _with_agrees(
        self, agrees: Callable[[Address, bytes, bytes], bool], act: Callable[[], None]
    ) -> None:
        kept, self.consent.agrees = self.consent.agrees, agrees
        try:
            act()
        finally:
            self.consent.agrees = kept

    def _try(self, name: str, arguments: Arguments) -> None:
        try:
            self.consent.call(name, ZERO_ADDRESS, **arguments)
        except Refused:
            return
        self.consent.undo()

    def _sender(self, name: str, arguments: Arguments) -> Address:
        anybody = self.random.choice(self.actors.everybody)
        if self.calls.seldom(0.1):
            return anybody
        if name == "seal":
            return arguments["author"] or anybody
        if name == "request":
            return arguments["grantee"] or anybody
        if name in TWINS:
            return self.consent.controller(arguments["patient"]) or anybody
        return anybody

    def _sign(
        self,
        name: str,
        arguments: Arguments,
        asked: list[tuple[Address, bytes]],
        sender: Address,
    ) -> Address:
        """Put signatures into the arguments; who sends the call."""
        for place, (account, digest) in zip(_SIGNATURES, asked, strict=False):
            arguments[place] = self.actors.sign(account, digest, self.random)
        if not name.endswith("_signed") and self.random.random() < 0.45:
            sent = self.random.randrange(len(asked))
            arguments[_SIGNATURES[sent]] = b""
            sender = asked[sent][0]
        if self.calls.seldom(0.15):
            place = self.random.choice(_SIGNATURES[: len(asked)])
            arguments[place] = self._forged(name, arguments, place, asked)
        return sender

    def _forged(
        self, name: str, arguments: Arguments, place: str, asked: list[tuple[Address, bytes]]
    ) -> bytes:
        signature, random = arguments[place], self.random
        account, digest = asked[min(_SIGNATURES.index(place), len(asked) - 1)]
        other = random.choice(self.actors.everybody)
        ways: tuple[Callable[[], bytes], ...] = (
            lambda: b"",
            lambda: self.actors.sign(other, digest, random),
            lambda: self.actors.sign(account, keccak256(digest), random),
            lambda: _flipped(signature, random),
            lambda: _high(signature),
            lambda: signature[:64] + bytes([random.choice((0, 1, 26, 29))]),
            lambda: signature[:64],
            lambda: signature.ljust(66, b"\0")[:LONGEST_SIGNATURE],
            lambda: random.randbytes(65),
            lambda: self._elsewhere(name, arguments, account),
        )
        return random.choice(ways)()

    def _elsewhere(self, name: str, arguments: Arguments, account: Address) -> bytes:
        """A right signature for another chain, or for another contract."""
        kept = self.consent.domain
        other = replace(kept, chain_id=CHAIN if self.forked else FORK)
        if self.random.random() < 0.5:
            other = replace(kept, verifying_contract=self.machine.credentials)
        self.consent.domain = other
        try:
            names = self.machine.takes(self.machine.consent, name)
            asked = self._who_must_sign(name, names, arguments)
        finally:
            self.consent.domain = kept
        if not asked:
            return b"\0" * 65
        return self.actors.sign(account, asked[0][1], self.random)


def _equal(outcome: Outcome, expected: Outcome, what: str) -> None:
    if outcome != expected:
        raise AssertionError(f"{what}: the contract gave {outcome}, the model {expected}")


def _registry_log(log: RegistryLog) -> RawLog:
    signature, accounts, until = log
    topics = (keccak256(signature.encode()), *(abi_word("address", each) for each in accounts))
    return topics, b"" if until is None else abi_word("uint256", until)


def _of_nobody(random: Random) -> bytes:
    """Formed as it should be; half of the time no point has this r, and recovering gives zero."""
    s = random.randrange(1, ORDER // 2)
    return random.randbytes(32) + s.to_bytes(32, "big") + bytes([random.choice((27, 28))])


def _flipped(signature: bytes, random: Random) -> bytes:
    if not signature:
        return b"\1"
    place = random.randrange(min(len(signature), 65))
    changed = signature[place] ^ 1 << random.randrange(8)
    return signature[:place] + bytes([changed]) + signature[place + 1 :]


def _high(signature: bytes) -> bytes:
    """The same signature with s in the upper half, which EIP-2 forbids."""
    if len(signature) != 65:
        return signature
    s = ORDER - int.from_bytes(signature[32:64], "big")
    return signature[:32] + (s % 2**256).to_bytes(32, "big") + bytes([signature[64] ^ 7])


def summary(outcomes: Counter[str]) -> dict[str, Any]:
    """How often each call went through or was refused, by name and words."""
    return dict(sorted(outcomes.items()))
