import pytest

from sallyport_link.serving import open_port
from sallyport_protocol.errors import RoadError


def test_a_taken_port_is_said_plainly() -> None:
    with open_port("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(RoadError, match=f"127.0.0.1:{port} .*choose another port"):
            open_port("127.0.0.1", port)
