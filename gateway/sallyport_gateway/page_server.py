"""How the officers' pages are served: plain on this machine's own address, over TLS on any other."""

import ssl
import tempfile
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from fastapi import FastAPI
from starlette.types import Scope

from sallyport_gateway.configuration import Configuration
from sallyport_gateway.web.gate import nobody_free, on_loopback
from sallyport_link.serving import PageServer
from sallyport_protocol.documents import Profile
from sallyport_protocol.errors import MalformedError


def page_server(app: FastAPI, configuration: Configuration) -> PageServer:
    """The server of these pages. Outside loopback it shows the gateway's own certificate: browsers sign only where they
    know whom they talk to. Raises RoadError or MalformedError for files that cannot be used."""
    options: dict[str, Any] = {"log_level": "warning"}
    if not is_loopback(configuration.file.web.host):
        context = _tls(configuration)
        options["ssl_context_factory"] = lambda _config, _default: context
    return PageServer(app, **options)


def who_is_free(configuration: Configuration) -> Callable[[Scope], bool]:
    """Who reads without signing in: on a development estate, this machine; in production nobody."""
    file = configuration.file
    return on_loopback if file.profile is Profile.DEVELOPMENT and is_loopback(file.web.host) else nobody_free


def address(configuration: Configuration) -> str:
    """Where the pages are."""
    place = configuration.file.web
    scheme = "http" if is_loopback(place.host) else "https"
    return f"{scheme}://{f'[{place.host}]' if ':' in place.host else place.host}:{place.port}"


def is_loopback(host: str) -> bool:
    """Whether an address is reached from this machine alone."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _tls(configuration: Configuration) -> ssl.SSLContext:
    file, read = configuration.file, configuration.read
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    with tempfile.NamedTemporaryFile(suffix=".pem") as chain:
        chain.write(read(file.identity.certificate) + b"\n" + read(file.trust.authorities))
        chain.flush()
        try:
            context.load_cert_chain(chain.name, configuration.path(file.identity.key))
        except ssl.SSLError as error:
            raise MalformedError(f"the pages cannot be served over TLS with this gateway's key: {error}") from error
    return context
