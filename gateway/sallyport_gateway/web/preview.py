"""`python -m sallyport_gateway.web.preview [port]`: the officer's pages over sample data, to look at."""

import sys

import uvicorn

from sallyport_gateway.web.app import create_app
from sallyport_gateway.web.sample.views import SampleViews


def main() -> None:
    """Serves on loopback, port 8701 unless told."""
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8701
    uvicorn.run(create_app(SampleViews()), host="127.0.0.1", port=port, timeout_graceful_shutdown=1)


if __name__ == "__main__":
    main()
