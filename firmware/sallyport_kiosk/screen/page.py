"""From a screen state to HTML, in one language."""

from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from sallyport_kiosk.screen.texts import Texts
from sallyport_kiosk.screen.words import Instruction, ScreenState
from sallyport_kiosk.stage import Step

WAY: Final = (Step.FACE, Step.FINGER, Step.WAIT, Step.DONE)

DRAWING: Final = {
    Instruction.WELCOME: "person",
    Instruction.LOOK_AT_CAMERA: "camera",
    Instruction.COME_CLOSER: "closer",
    Instruction.MOVE_BACK: "back",
    Instruction.MOVE_TO_MIDDLE: "middle",
    Instruction.TURN_TO_CAMERA: "turn",
    Instruction.HOLD_HEAD_UPRIGHT: "upright",
    Instruction.ONE_PERSON_ONLY: "one",
    Instruction.MORE_LIGHT: "light",
    Instruction.LESS_LIGHT: "light",
    Instruction.UNCOVER_FACE: "person",
    Instruction.KEEP_STILL: "still",
    Instruction.RELAX_FACE: "still",
    Instruction.WATCH_COLOURS: "colours",
    Instruction.LOOK_STRAIGHT: "camera",
    Instruction.TURN_LEFT: "left",
    Instruction.TURN_RIGHT: "right",
    Instruction.LOOK_UP: "upright",
    Instruction.CLOSE_EYES: "shut",
    Instruction.SMILE: "smile",
    Instruction.PLACE_FINGER: "finger",
    Instruction.PRESS_HARDER: "press",
    Instruction.PRESS_LIGHTER: "lift",
    Instruction.MOISTEN_FINGER: "finger",
    Instruction.LIFT_FINGER: "lift",
    Instruction.MOVE_FINGER: "finger",
    Instruction.WIPE_FINGER: "finger",
    Instruction.ANSWER_SOONER: "again",
    Instruction.WAIT_TO_BE_ASKED: "again",
    Instruction.KEEP_EYES_SHUT: "shut",
    Instruction.ONLY_WHAT_IS_ASKED: "again",
    Instruction.TRY_AGAIN: "again",
    Instruction.PLEASE_WAIT: "wait",
    Instruction.WAIT_FOR_OFFICER: "wait",
    Instruction.DOOR_OPEN_GO: "door",
    Instruction.STAFF_WILL_HELP: "help",
    Instruction.OUT_OF_SERVICE: "closed",
}


class ScreenPage:
    """The page in every language of the site; the first one is where each new person starts."""

    def __init__(self, languages: tuple[Texts, ...]) -> None:
        self._languages = languages
        self._jinja = Environment(
            loader=PackageLoader("sallyport_kiosk.screen", "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    @property
    def home(self) -> Texts:
        """The site's first language."""
        return self._languages[0]

    def texts(self, code: str) -> Texts | None:
        """The language of that code, where the site has it."""
        return next((texts for texts in self._languages if texts.code == code), None)

    def whole(self, texts: Texts, state: ScreenState) -> str:
        """The page as first sent."""
        return self._jinja.get_template("screen.html").render(
            texts=texts,
            languages=self._languages,
            away=[each.of(Instruction.OUT_OF_SERVICE, 0) for each in self._ordered(texts)],
            away_codes=[each.code for each in self._ordered(texts)],
            parts=self.parts(texts, state),
        )

    def parts(self, texts: Texts, state: ScreenState) -> dict[str, str]:
        """What changes: the drawing, the words, the steps; and two marks for the page's behaviour."""
        words = [(each.code, each.of(state.instruction, state.finger)) for each in self._spoken(texts, state)]
        at = WAY.index(state.step) if state.step in WAY else None
        return {
            "drawing": self._render("drawing.html", name=DRAWING[state.instruction]),
            "words": self._render("words.html", words=words),
            "steps": self._render("steps.html", texts=texts, at=at, finished=state.step == Step.DONE),
            "progress": f"{state.progress:.2f}",
            "picture": "yes" if state.shows_picture else "no",
            "instruction": state.instruction.value,
            "light": state.light,
            "number": str(state.light_number),
        }

    def _spoken(self, texts: Texts, state: ScreenState) -> tuple[Texts, ...]:
        """Before anybody has chosen, the screen speaks every language."""
        both = state.instruction in (Instruction.WELCOME, Instruction.OUT_OF_SERVICE)
        return self._ordered(texts) if both else (texts,)

    def _ordered(self, first: Texts) -> tuple[Texts, ...]:
        return (first, *(each for each in self._languages if each is not first))

    def _render(self, template: str, **words: object) -> str:
        return self._jinja.get_template(template).render(**words).strip()
