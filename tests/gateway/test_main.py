"""The gateway's start."""

import asyncio
import resource
from collections.abc import Iterator

import pytest

from sallyport_gateway.__main__ import _serve
from sallyport_gateway.configuration import load_configuration
from sallyport_link.serving import open_port
from sallyport_protocol.errors import RoadError
from sallyport_provisioning.estate import Estate


@pytest.fixture
def few_files() -> Iterator[int]:
    """A process that may open fewer files than it could; how many it could."""
    soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, most - 1, 1_024), most))
    yield most
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, most))


def test_it_takes_as_many_files_as_it_may_have(few_files: int, estate: Estate) -> None:
    place = estate.description.gateway[0]
    with open_port(place.web_host, place.web_port), pytest.raises(RoadError, match="pages cannot be served"):
        asyncio.run(_serve(load_configuration(estate.gateway_config)))
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == few_files
