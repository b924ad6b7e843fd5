from importlib import resources

import pytest

from sallyport_kiosk.screen.texts import FINGERS, LANGUAGES, load, parse
from sallyport_kiosk.screen.words import Instruction
from sallyport_protocol.errors import MalformedError

ENGLISH = (resources.files("sallyport_kiosk.screen") / "texts/en.toml").read_text("utf-8")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_is_complete_and_fits_the_screen(language: str) -> None:
    texts = load(language)
    for instruction in Instruction:
        for finger in FINGERS:
            text = texts.of(instruction, finger)
            assert text.title and text.detail
            assert len(text.title) <= 34 and len(text.detail) <= 80
            assert "{" not in text.title + text.detail


def test_no_text_is_left_in_the_other_language() -> None:
    english, welsh = load("en"), load("cy")
    for instruction in Instruction:
        assert english.instructions[instruction].title != welsh.instructions[instruction].title
        assert english.instructions[instruction].detail != welsh.instructions[instruction].detail


def test_the_finger_asked_for_is_named() -> None:
    assert load("en").of(Instruction.PLACE_FINGER, 2).detail == ("Use your right index finger. Keep facing the screen.")
    assert load("cy").of(Instruction.PLACE_FINGER, 6).detail == (
        "Defnyddiwch bawd eich llaw chwith. Daliwch i wynebu'r sgrin."
    )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "secret", ["warrant", "hold", "alert", "match", "score", "recall", "refer", "police", "immigration", "governor"]
)
def test_no_text_tells_what_only_officers_may_know(language: str, secret: str) -> None:
    texts = load(language)
    said = " ".join(f"{text.title} {text.detail}" for text in texts.instructions.values()).lower().split()
    allowed = {"hold"} if language == "en" else set()  # "Hold your head upright"
    assert secret in allowed or secret not in [word.strip(".,") for word in said]


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(MalformedError, match="speaks en, cy, not 'fr'"):
        load("fr")


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        ("name =", "TOMLDecodeError"),
        (ENGLISH.replace("KEEP_STILL =", "KEEP_QUIET ="), "KEEP_QUIET"),
        ("\n".join(line for line in ENGLISH.splitlines() if "WELCOME" not in line), "WELCOME"),
        (ENGLISH.replace('"Done"]', "]"), "steps must be 4 texts"),
        (ENGLISH.replace("10 =", "11 ="), "'10'"),
        (ENGLISH.replace("later =", "after ="), "later"),
    ],
)
def test_an_incomplete_file_is_refused_by_name(toml: str, named: str) -> None:
    with pytest.raises(MalformedError, match=f"texts/en.toml: .*{named}"):
        parse("en", toml)
