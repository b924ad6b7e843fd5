"""Fits what two modalities' log-likelihood ratios are worth together, on chimeric trials of the training identities.

Four numbers (`sallyport_biometrics.fusion.FusedCalibration`): for each modality the share of genuine captures that
fail, and scale and shift of the bounded sum. Few on purpose: the trials are many, but the fingers behind them are not,
and a freer curve (pooled adjacent violators) does worse on fingers that it has not seen.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from sallyport_biometrics.fusion import FACE, FINGER, FusedCalibration
from sallyport_models.calibrate.logistic import Flags, Values, cllr, fit_line

FAILED: Final = {FACE: (1e-4, 3e-4, 1e-3, 3e-3, 1e-2), FINGER: (1e-3, 3e-3, 1e-2, 3e-2)}
"""Shares of failed captures that are tried."""
THINNED: Final = 4
"""Every how many-th trial the line is fitted on while the shares are tried."""


def fit_fused(face: Values, finger: Values, genuine: Flags) -> FusedCalibration:
    """The calibration with the least cost on these trials; `face` and `finger` [n] are log-likelihood ratios."""
    best: tuple[float, FusedCalibration] | None = None
    for face_share in FAILED[FACE]:
        bounded_face = bounded_array(face, face_share)
        for finger_share in FAILED[FINGER]:
            total = bounded_face + bounded_array(finger, finger_share)
            scale, shift = fit_line(total[::THINNED], genuine[::THINNED])
            cost = cllr(scale * total + shift, genuine)
            if best is None or cost < best[0]:
                best = cost, FusedCalibration({FACE: face_share, FINGER: finger_share}, scale, shift)
    assert best is not None
    shares = best[1].failed_share
    total = bounded_array(face, shares[FACE]) + bounded_array(finger, shares[FINGER])
    return FusedCalibration(shares, *fit_line(total, genuine))


def fused_ratios(calibration: FusedCalibration, face: Values, finger: Values) -> Values:
    """`FusedCalibration.llr` over arrays."""
    parts: Sequence[tuple[str, Values]] = ((FACE, face), (FINGER, finger))
    total = np.sum([bounded_array(each, calibration.failed_share[name]) for name, each in parts], axis=0)
    return np.asarray(calibration.scale * total + calibration.shift)


def bounded_array(llr: Values, failed_share: float) -> Values:
    """`sallyport_biometrics.fusion.bounded` over an array."""
    if failed_share <= 0.0:
        return llr
    return np.asarray(np.logaddexp(llr + np.log1p(-failed_share), np.log(failed_share)))
