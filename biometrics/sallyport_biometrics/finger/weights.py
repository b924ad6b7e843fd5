"""Weights of the comparison's measurements, written by `sallyport-models calibrate fingerprint`. Do not edit."""

BIAS = -21.2121
WEIGHTS = (5.7116, 10.1085, 23.0511, 20.3313, 21.6661, 1.6421, -1.2977)
