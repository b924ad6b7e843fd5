"""The style sheets that come from npm: where they are, and that they are there."""

import os
from pathlib import Path
from typing import Final

from sallyport_protocol.errors import RoadError

ENVIRONMENT: Final = "SALLYPORT_ASSETS"
NEEDED: Final = ("govuk-frontend.min.css", "moj-frontend.min.css")


def find(configured: Path | None = None) -> Path:
    """The assets' folder: as configured, else from the environment, else `var/assets`.

    Raises RoadError when a sheet is missing: a page without its style must not be taken for the real one.
    """
    folder = configured or Path(os.environ.get(ENVIRONMENT) or "var/assets")
    missing = [name for name in NEEDED if not (folder / name).is_file()]
    if missing:
        raise RoadError(
            f"The pages' style sheets are missing from {folder}: {', '.join(missing)}. "
            f"Run `make assets`, or set {ENVIRONMENT} to the folder that has them."
        )
    return folder
