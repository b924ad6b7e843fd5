"""The screen's texts: one TOML file for each language, complete or refused."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any, Final

from sallyport_kiosk.screen.words import Instruction
from sallyport_protocol.errors import MalformedError

LANGUAGES: Final = ("en", "cy")
FINGERS: Final = range(11)
STEPS: Final = 4


@dataclass(frozen=True, slots=True)
class Text:
    """One instruction in one language."""

    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class Texts:
    """Everything the screen says in one language."""

    code: str
    name: str
    """As its own speakers call it."""
    kiosk: str
    picture: str
    progress: str
    states: Mapping[str, str]
    """"done", "now", "later" of a step, for screen readers."""
    steps: tuple[str, ...]
    fingers: Mapping[int, str]
    instructions: Mapping[Instruction, Text]

    def of(self, instruction: Instruction, finger: int) -> Text:
        """The words of an instruction; `{finger}` in them becomes the finger asked for."""
        text = self.instructions[instruction]
        return Text(text.title, text.detail.replace("{finger}", self.fingers[finger]))


def load(language: str) -> Texts:
    """The texts of a language. Raises MalformedError for an unknown language or an incomplete file."""
    if language not in LANGUAGES:
        raise MalformedError(f"The screen speaks {', '.join(LANGUAGES)}, not {language!r}.")
    file = resources.files("sallyport_kiosk.screen") / "texts" / f"{language}.toml"
    return parse(language, file.read_text("utf-8"))


def parse(language: str, toml: str) -> Texts:
    """Reads one file's text. Raises MalformedError that names what is missing."""
    try:
        raw = tomllib.loads(toml)
        return _texts(language, raw)
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        raise MalformedError(f"texts/{language}.toml: {error!r}. Give every text of texts/en.toml.") from error


def _texts(language: str, raw: dict[str, Any]) -> Texts:
    steps = tuple(raw["steps"])
    if len(steps) != STEPS or not all(isinstance(step, str) and step for step in steps):
        raise ValueError(f"steps must be {STEPS} texts")
    told = raw["instructions"]
    if strange := set(told) - set(Instruction):
        raise ValueError(f"unknown instructions {sorted(strange)}")
    return Texts(
        code=language,
        name=raw["name"],
        kiosk=raw["kiosk"],
        picture=raw["picture"],
        progress=raw["progress"],
        states={state: raw["states"][state] for state in ("done", "now", "later")},
        steps=steps,
        fingers={finger: raw["fingers"][str(finger)] for finger in FINGERS},
        instructions={each: Text(told[each]["title"], told[each]["detail"]) for each in Instruction},
    )
