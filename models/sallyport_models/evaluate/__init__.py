"""`sallyport-models evaluate ...`: each module here adds its own command to `app`."""

import typer

app = typer.Typer(help="Measure accuracy, times and failures on a folder of images.", no_args_is_help=True)
