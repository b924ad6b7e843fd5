"""Fingerprint verification: image to template, template against template.

    extractor = FingerExtractor(store.load("leader").bytes)
    found = extractor.extract(image, dpi=500)          # FingerTemplate | FingerRefusal
    score = compare(found, FingerTemplate.from_bytes(reference))

A score means nothing by itself: `sallyport_biometrics.calibration` says what it is worth.
"""

from sallyport_biometrics.finger.extract import Examination, FingerExtractor, FingerRefusal
from sallyport_biometrics.finger.match import compare
from sallyport_biometrics.finger.quality import Feedback, PrintQuality
from sallyport_biometrics.finger.template import FingerTemplate

__all__ = [
    "Examination",
    "Feedback",
    "FingerExtractor",
    "FingerRefusal",
    "FingerTemplate",
    "PrintQuality",
    "compare",
]
