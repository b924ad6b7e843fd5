"""`sallyport-models calibrate ...`: each module here adds its own command to `app`."""

import typer

app = typer.Typer(help="Fit the coefficients under `calibration/` again from data.", no_args_is_help=True)
