"""The road to HMPPS: mutual TLS and API key, time limits, retries with jitter, a breaker for each source.

It answers with JSON objects or says that it has none; it never guesses. What it read is kept in the store with its
as-of time, so an outage makes evidence stale and then unknown, never a pass.
"""

import asyncio
import json
import random
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from sallyport_gateway.drivers.closing_road import ClosingTransport
from sallyport_protocol.errors import MalformedError, RoadError

TIMEOUT: Final = httpx.Timeout(4.0, connect=2.0)
"""Seconds for each wait on the network; a whole answer may take `TOTAL`."""

TOTAL: Final = 8.0
"""Seconds for one answer with all its attempts. Source: the officer waits at the door for the slowest source."""

ATTEMPTS: Final = 3
FIRST_PAUSE: Final = 0.2
"""Seconds before the second attempt, doubled for each further one, then spread over 50 to 150 %."""

LARGEST: Final = 1_048_576
"""Largest answer, bytes."""

BREAK_AFTER: Final = 5
"""Failures in a row after which a source is left alone."""

REST: Final = 30.0
"""Seconds that it is left alone; then one request may try."""


_RANDOM: Final = random.SystemRandom()


class NoSuchThingError(RoadError):
    """The other side answered that it has no such thing (404)."""


@dataclass(frozen=True, slots=True)
class HmppsPlace:
    """Where HMPPS is and what opens its door: a certificate, an API key, or both. `elsewhere`: other base addresses
    by source. Without `authorities` the machine's own are trusted."""

    url: str
    authorities: Path | None
    certificate: Path | None
    key: Path | None
    api_key: str = field(repr=False, default="")
    elsewhere: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Breaker:
    """Leaves a source alone for `REST` seconds after `BREAK_AFTER` failures in a row. `now`: monotonic seconds."""

    failures: int = 0
    broken_at: float | None = None

    def allows(self, now: float) -> bool:
        """May a request go out? After the rest one may, and a failure of it breaks anew."""
        return self.broken_at is None or now - self.broken_at >= REST

    def failed(self, now: float) -> None:
        self.failures += 1
        if self.failures >= BREAK_AFTER:
            self.broken_at = now

    def worked(self) -> None:
        self.failures, self.broken_at = 0, None


class HmppsClient:
    """One client for all sources; `close` it. `spread` gives 0 to 1."""

    def __init__(
        self,
        place: HmppsPlace,
        *,
        spread: Callable[[], float] = _RANDOM.random,
        timeout: httpx.Timeout = TIMEOUT,
        total: float = TOTAL,
    ) -> None:
        """Raises RoadError when the certificate, key or authorities cannot be used."""
        self._place, self._spread, self._total = place, spread, total
        self._breakers: dict[str, Breaker] = {}
        key = {"x-api-key": place.api_key} if place.api_key else {}
        self._http = httpx.AsyncClient(
            transport=ClosingTransport(_tls(place)),
            timeout=timeout,
            headers={"accept": "application/json", **key},
            follow_redirects=False,
            trust_env=False,  # a proxy of the environment would see the API key and every name
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def get(self, source: str, path: str) -> dict[str, Any]:
        """One JSON object. Raises RoadError (silent, broken, refused), NoSuchThingError or MalformedError."""
        loop = asyncio.get_running_loop()
        breaker = self._breakers.setdefault(source, Breaker())
        if not breaker.allows(loop.time()):
            raise RoadError(f"{source} failed {BREAK_AFTER} times in a row and is left alone for {REST:.0f} s.")
        try:
            async with asyncio.timeout(self._total):
                answer = await self._attempts(source, path)
        except TimeoutError:
            breaker.failed(loop.time())
            raise RoadError(f"{source} did not answer within {self._total:g} s.") from None
        except NoSuchThingError:
            breaker.worked()
            raise
        except RoadError:
            breaker.failed(loop.time())
            raise
        breaker.worked()
        return _object(source, answer)

    async def _attempts(self, source: str, path: str) -> bytes:
        last = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                await asyncio.sleep(FIRST_PAUSE * 2 ** (attempt - 1) * (0.5 + self._spread()))
            try:
                return await self._once(source, path)
            except _AgainError as error:
                last = str(error)
        raise RoadError(f"{source} failed {ATTEMPTS} times: {last}.")

    async def _once(self, source: str, path: str) -> bytes:
        base = self._place.elsewhere.get(source, self._place.url).rstrip("/")
        try:
            async with self._http.stream("GET", base + path) as response:
                if response.status_code == 404:
                    raise NoSuchThingError(f"{source} knows no {path}.")
                if response.status_code >= 500 or response.status_code == 429:
                    raise _AgainError(f"status {response.status_code}")
                if response.status_code != 200:
                    raise RoadError(f"{source} refused with status {response.status_code}: check key and certificate.")
                body = bytearray()
                async for part in response.aiter_bytes():
                    body += part
                    if len(body) > LARGEST:
                        raise RoadError(f"{source} sent more than {LARGEST} bytes.")
                return bytes(body)
        except (httpx.HTTPError, OSError) as error:  # a refused certificate comes as ssl.SSLError, an OSError
            raise _AgainError(f"{type(error).__name__} {error}".strip()) from None


class _AgainError(Exception):
    """This attempt failed; another one may not."""


def _object(source: str, body: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedError(f"{source} answered with something else than JSON: {error}.") from None
    if not isinstance(answer, dict):
        raise MalformedError(f"{source} answered with something else than a JSON object.")
    return answer


def _tls(place: HmppsPlace) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=str(place.authorities) if place.authorities else None)
        if place.certificate is not None:
            context.load_cert_chain(str(place.certificate), None if place.key is None else str(place.key))
    except (OSError, ssl.SSLError) as error:
        raise RoadError(f"The certificate for HMPPS cannot be used ({error}): look at {place.certificate}.") from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
