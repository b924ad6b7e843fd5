"""`python -m sallyport_gateway.web.preview [port]`: the officer's pages over sample data, to look at."""

import sys

from sallyport_gateway.web.app import create_app
from sallyport_gateway.web.sample.views import SampleViews
from sallyport_link.serving import serve


def main() -> None:
    """Serves on loopback, port 8701 unless told."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8701
    serve(create_app(SampleViews()), "127.0.0.1", port)


if __name__ == "__main__":
    main()
