"""Every number that fingerprint verification depends on, with its unit and where it comes from.

"Tuned" means chosen, coarsely, by pooled error on the four development sets (FVC 2002 DB1_B and DB3_B, 2004 DB1_B and
DB3_B).
"""

from typing import Final

DPI: Final = 500
"""Resolution that everything below is stated at; other images are resampled to it. FBI EFTS, FVC."""

# Images
MIN_SIDE: Final = 96
"""px at 500 dpi, 4.9 mm: smaller images hold too little of a finger to be verified by."""
MAX_PIXELS: Final = 1_500_000
"""px at 500 dpi: a slap of four fingers; a single finger is never larger. Bounds time and memory."""
MAX_SIDE: Final = 2048
"""px at 500 dpi."""
MAX_RAW_PIXELS: Final = 16_000_000
"""px as received, before resampling."""
MIN_DPI, MAX_DPI = 250.0, 2000.0
"""Below, minutiae are not resolved; above, no sensor exists."""

# Ridge flow and segmentation
CELL: Final = 12
"""px: side of a cell of the ridge-flow field, a little over one ridge period (about 9 px)."""
FLOW_SIGMA: Final = 7.0
"""px: Gaussian over which gradients are averaged. Tuned."""
COHERENCE: Final = 0.3
"""0 to 1: least agreement of gradients in a ridge cell. Tuned."""
RELATIVE_ENERGY: Final = 0.08
"""Least gradient energy of a ridge cell, relative to the image's 90th percentile. Tuned."""
ABSOLUTE_ENERGY: Final = 150.0
"""Least mean squared gradient (Sobel, gray levels squared): below it is sensor noise. Measured on blank images."""
CROP_MARGIN: Final = 16
"""px kept around the print for the network."""

# Minutiae
MINUTIA_QUALITY: Final = 0.3
"""0 to 1: least smoothed position probability of a minutia. LEADER's authors use 0.6; tuned for this matcher."""
MAX_MINUTIAE: Final = 96
"""The best by quality; a whole finger has 40 to 80. Bounds time and size."""
PEAK_SIZE: Final = 7
"""px: a minutia is the maximum of this window (LEADER)."""
PEAK_BLUR: Final = 5
"""px: kernel of the Gaussian over the position map before the search (LEADER)."""

# Local descriptors
CYLINDER_RADIUS: Final = 70.0
CYLINDER_CELLS: Final = 8
CYLINDER_SECTIONS: Final = 6
CYLINDER_SIGMA_SPACE: Final = 28 / 3
CYLINDER_SIGMA_DIRECTION: Final = 2 * 3.141592653589793 / 9
CYLINDER_MU: Final = 0.01
CYLINDER_TAU: Final = 400.0
"""Minutia cylinder code, MCC8: px, cells, sections, px, rad, 1, 1. Cappelli, Ferrara, Maltoni 2010, table 1."""
CYLINDER_NEIGHBOURS: Final = 2
"""Least other minutiae within reach for a cylinder to count. Cappelli 2010."""
FLOW_RINGS: Final = ((14, 8), (28, 12), (42, 16), (58, 20))
"""(radius px, points) of the ridge-flow descriptor. After Tico and Kuosmanen 2003."""
FLOW_SUPPORT: Final = 20
"""Least common points for the flow agreement to count in full."""

# Matching
MAX_ROTATION: Final = 1.3
"""rad: fingers are put on a guided sensor within about 40 degrees either way, so two differ by less than this."""
CYLINDER_SHARE: Final = 0.7
"""0 to 1: of the cylinders in the local similarity; the rest is ridge flow. Tuned."""
CANDIDATES: Final = 64
"""Most similar minutia pairs that the geometry is judged from. Tuned for time against error."""
PAIR_SLACK: Final = 8.0
PAIR_STRETCH: Final = 0.12
"""px and px per px: how far two pairs may disagree about the vector between them: noise and skin distortion. Tuned."""
PAIR_WIDTH: Final = 1.5
"""Disagreement at which support ends, in units of the above. Tuned."""
PAIR_DIRECTION: Final = 0.6
"""rad: disagreement of directions at which support ends. Tuned."""
ROUNDS: Final = 6
"""Power iterations over the support of candidates for each other."""
DIRECTION_WEIGHT: Final = 400.0
"""px squared: weight of directions against positions in the rotation estimate (an arm of 20 px)."""
COARSE_REACH, FINE_REACH = 18.0, 12.0
"""px between paired minutiae before and after local straightening. Tuned."""
PAIRED_DIRECTION: Final = 0.45
"""rad between the directions of paired minutiae. Tuned."""
STRAIGHTEN_SIGMA: Final = 40.0
"""px over which displacements of paired minutiae are smoothed to follow skin distortion. Tuned."""
STRAIGHTEN_RIDGE: Final = 0.3
"""Pull of the displacement towards none where few pairs are near. Tuned."""
OVERLAP_PSEUDO: Final = 4.0
"""Minutiae added to the number in the overlap, so that small overlaps do not score high by chance. Tuned."""

# Quality gate
LEAST_AREA: Final = 35.0
"""mm2 of ridges: less is no attempt at all. Smallest of the development sets: 37."""
SMALL_AREA: Final = 90.0
"""mm2 of ridges: below, the finger should cover more of the sensor. 5th percentile of the development sets: 105."""
LEAST_MINUTIAE: Final = 6
"""A template with fewer says nothing about a person."""
LEAST_DENSITY: Final = 4.5
"""Summed minutia quality per cm2 of ridges: fingers measured 5 to 25, photographs of faces at most 3.8."""
FULL_COUNT: Final = 24.0
"""Minutiae from which more do not raise the quality."""
GOOD_QUALITY: Final = 0.5
"""0 to 1: below, another attempt is asked for: 8 of the 320 images of the development sets."""
OFF_CENTRE: Final = 0.16
"""Of the image's side: how far the print's centre may lie from the middle."""
DRY_RIDGES, WET_RIDGES = 0.25, 0.58
"""Share of dark in the print: ridges of a dry finger are thin and broken, of a wet or pressed one they merge."""
FAINT: Final = 55.0
"""Gray levels between ridges and valleys below which the print is faint."""
TONE_WINDOW: Final = 13
"""px: window that holds a ridge and a valley."""
ATTEMPTS: Final = 3
"""Captures before a finger counts as not acquired."""

# Enrolment
IMPRESSIONS: Final = 3
"""Impressions of a finger that an enrolment asks for."""
SAME_FINGER: Final = 0.55
"""Least score to the base of an impression that is merged: a stated FMR of about 1e-3."""
MERGE_REACH: Final = 10.0
"""px between minutiae of two impressions that are one."""
MERGE_DIRECTION: Final = 0.45
"""rad between them."""
MERGED_QUALITY: Final = 0.2
"""0 to 1: least quality of a merged minutia; one sure sighting of three passes."""

# Presence
BLOCK: Final = 36
"""px: square that holds about four ridges, for their period."""
PERIODS: Final = (5.0, 15.0)
"""px at 500 dpi: ridge periods of adults and adolescents, 0.25 to 0.76 mm."""
LEAST_PERIODIC: Final = 0.35
"""Share of blocks of the print whose strongest period is a ridge's. Development sets: 0.83 in the median, 0.52 at
least; photographs of faces: 0.12 at most."""
STRIPE_COHERENCE: Final = 0.985
"""Mean doubled-angle length over the whole print above which the ridges do not bend: a grating, not a finger."""
FROZEN_DIFFERENCE: Final = 0.05
"""Gray levels, mean: two captures of a live finger on a real sensor never differ by less; a replay does."""
LEAST_CONSISTENCY: Final = 0.6
"""Mean agreement of ridge flow between two captures of one touch, -1 to 1."""
