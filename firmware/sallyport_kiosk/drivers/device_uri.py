"""How a configuration names a device: `kind:place?option=value&…`, as in `r503:/dev/ttyS0?baud=57600`."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from sallyport_protocol.errors import MalformedError


@dataclass(frozen=True, slots=True)
class DeviceUri:
    """A device's name, taken apart."""

    kind: str
    place: str
    options: dict[str, str]

    @classmethod
    def parse(cls, text: str, kinds: Mapping[str, Collection[str]]) -> "DeviceUri":
        """`kinds`: the options that each kind takes. Raises MalformedError for any other."""
        kind, colon, rest = text.partition(":")
        place, _, query = rest.partition("?")
        if not colon or kind not in kinds or not place:
            raise MalformedError(f"{text!r} names no device; it begins with one of {', '.join(f'{k}:' for k in kinds)}")
        try:
            pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query))
        except ValueError as error:
            raise MalformedError(f"{text!r}: options are option=value, joined by &") from error
        options = dict(pairs)
        if len(options) != len(pairs) or set(options) - set(kinds[kind]):
            known = ", ".join(kinds[kind]) or "none"
            raise MalformedError(f"{text!r} has a repeated or unknown option; {kind} takes: {known}")
        return cls(kind, place, options)

    def path(self, home: Path) -> Path:
        """The place as a path, relative to `home`."""
        return home / self.place

    def number(self, option: str, default: int) -> int:
        """A whole number, decimal or 0x hexadecimal. Raises MalformedError."""
        try:
            return int(self.options[option], 0) if option in self.options else default
        except ValueError as error:
            raise MalformedError(f"{self.kind}: {option} is a whole number, not {self.options[option]!r}") from error

    def rate(self, option: str, default: float) -> float:
        """A number above 0 and at most 1,000. Raises MalformedError."""
        try:
            value = float(self.options.get(option, default))
        except ValueError:
            value = 0.0
        if not 0 < value <= 1_000:
            raise MalformedError(f"{self.kind}: {option} is a number above 0, not {self.options[option]!r}")
        return value
