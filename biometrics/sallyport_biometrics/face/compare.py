"""One probe against one reference: a number, and nothing about anybody else."""

import numpy as np

from sallyport_biometrics.face.template import FaceTemplate
from sallyport_protocol.errors import MalformedError


def compare(probe: FaceTemplate, reference: FaceTemplate) -> float:
    """Similarity, -1 (opposite) to 1 (the same); what it means is the calibration's business.

    `MalformedError` when the two were made by different networks.
    """
    if probe.models != reference.models or probe.embedding.shape != reference.embedding.shape:
        raise MalformedError("the reference was made by other face models; enrol the person again")
    return float(np.clip(np.dot(probe.embedding, reference.embedding), -1.0, 1.0))
