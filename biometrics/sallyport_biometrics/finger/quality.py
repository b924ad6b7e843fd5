"""Is this print good enough, and if not, what should the person do?

The measure is what the network itself could see: how many minutiae, and how surely. The advice comes from the image:
where the print lies, how much of it there is, how dark and how clear it is.
"""

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np

from sallyport_biometrics.finger import parameters as p
from sallyport_biometrics.finger.flow import Flow, Gray
from sallyport_biometrics.finger.minutiae import Minutiae

_CELL_MM2 = (p.CELL * 25.4 / p.DPI) ** 2


class Feedback(StrEnum):
    """One instruction; `words` is what the screen says."""

    NO_FINGER = "no finger"
    NOT_A_PRINT = "not a print"
    COVER_MORE = "cover more"
    MOVE_TO_CENTRE = "move to centre"
    PRESS_HARDER = "press harder"
    PRESS_LIGHTER = "press lighter"
    MOISTEN = "moisten"
    DRY = "dry"
    AGAIN = "again"

    @property
    def words(self) -> str:
        """What the person should do, in one sentence."""
        return _WORDS[self]


_WORDS = {
    Feedback.NO_FINGER: "Put your finger flat on the sensor.",
    Feedback.NOT_A_PRINT: "This does not look like a fingerprint. Put your bare finger flat on the sensor.",
    Feedback.COVER_MORE: "Lay more of your finger on the sensor.",
    Feedback.MOVE_TO_CENTRE: "Move your finger to the centre of the sensor.",
    Feedback.PRESS_HARDER: "Press a little harder.",
    Feedback.PRESS_LIGHTER: "Press a little more lightly.",
    Feedback.MOISTEN: "Your finger is too dry. Breathe on it and try again.",
    Feedback.DRY: "Your finger is too wet. Wipe it and try again.",
    Feedback.AGAIN: "Lift your finger and put it down again.",
}


@dataclass(frozen=True, slots=True)
class PrintQuality:
    """What the gate measured."""

    value: float
    """0 to 1."""
    area_mm2: float
    minutiae: int
    dark_share: float
    """0 to 1: of the print that is ridge; about 0.45 in a good one."""
    contrast: float
    """Gray levels between ridges and valleys."""
    centre: tuple[float, float]
    """Of the print, in widths and heights of the image from its top left."""
    refusal: Feedback | None
    """Why no template can be made at all."""
    advice: tuple[Feedback, ...]
    """What would make it better, most important first; empty when it is good."""

    @property
    def good(self) -> bool:
        """Whether no other attempt is asked for."""
        return self.refusal is None and self.value >= p.GOOD_QUALITY


def area_mm2(flow: Flow) -> float:
    """Area of the print."""
    return float(flow.mask.sum()) * _CELL_MM2


def judge(image: Gray, flow: Flow, minutiae: Minutiae) -> PrintQuality:
    """Measures a print that was segmented and searched for minutiae."""
    area = area_mm2(flow)
    count, summed = len(minutiae), float(minutiae.quality.sum())
    value = summed / max(count, 1) * min(1.0, count / p.FULL_COUNT)
    dark, contrast, centre = _tone_and_place(image, flow)
    refusal: Feedback | None = None
    if area < p.LEAST_AREA:
        refusal = Feedback.NO_FINGER
    elif summed / (area / 100) < p.LEAST_DENSITY:
        refusal = Feedback.NOT_A_PRINT
    elif count < p.LEAST_MINUTIAE:
        refusal = Feedback.COVER_MORE
    poor = refusal is not None or value < p.GOOD_QUALITY
    advice = _advice(area, dark, contrast, centre, refusal) if poor else ()
    return PrintQuality(value, area, count, dark, contrast, centre, refusal, advice)


def no_print(image: Gray, flow: Flow) -> PrintQuality:
    """The verdict on an image with too little of a print to search."""
    none = np.zeros(0, np.float32)
    return judge(image, flow, Minutiae(none, none, none, none, none))


def _advice(
    area: float, dark: float, contrast: float, centre: tuple[float, float], refusal: Feedback | None
) -> tuple[Feedback, ...]:
    if refusal in (Feedback.NO_FINGER, Feedback.NOT_A_PRINT):
        return (refusal,)
    found = []
    if max(abs(centre[0] - 0.5), abs(centre[1] - 0.5)) > p.OFF_CENTRE:
        found.append(Feedback.MOVE_TO_CENTRE)
    if dark > p.WET_RIDGES:
        found += [Feedback.PRESS_LIGHTER, Feedback.DRY]
    elif dark < p.DRY_RIDGES:
        found += [Feedback.MOISTEN, Feedback.PRESS_HARDER]
    elif contrast < p.FAINT:
        found.append(Feedback.PRESS_HARDER)
    if area < p.SMALL_AREA:
        found.append(Feedback.COVER_MORE)
    return tuple(found) or (Feedback.AGAIN,)


def _tone_and_place(image: Gray, flow: Flow) -> tuple[float, float, tuple[float, float]]:
    """Dark share, contrast and centre of the print."""
    if not flow.mask.any():
        return 0.0, 0.0, (0.5, 0.5)
    window = np.ones((p.TONE_WINDOW, p.TONE_WINDOW), np.uint8)
    rows, columns = np.nonzero(flow.mask)
    at = (rows * p.CELL + p.CELL // 2, columns * p.CELL + p.CELL // 2)
    lightest = cv2.blur(cv2.dilate(image, window), (p.TONE_WINDOW, p.TONE_WINDOW))[at].astype(np.float32)
    darkest = cv2.blur(cv2.erode(image, window), (p.TONE_WINDOW, p.TONE_WINDOW))[at].astype(np.float32)
    mean = cv2.blur(image, (2 * p.TONE_WINDOW + 1, 2 * p.TONE_WINDOW + 1))[at].astype(np.float32)
    span = lightest - darkest
    centre = (float(at[1].mean()) / image.shape[1], float(at[0].mean()) / image.shape[0])
    return float(((lightest - mean) / (span + 8)).mean()), float(span.mean()), centre
