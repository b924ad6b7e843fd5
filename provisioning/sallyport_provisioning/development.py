"""The development estate as data: one prison, one lane, one of each device, the officers of one night shift. Pure."""

from typing import Final

from sallyport_protocol.documents import LaneKind, Profile
from sallyport_protocol.identity import Role
from sallyport_provisioning.description import (
    FORMAT,
    BrokerPlace,
    Description,
    Gateway,
    Interlock,
    Kiosk,
    Lane,
    Officer,
    Prison,
)

WITNESS: Final = "../witness"
"""Of several gateways in development: beside their folders."""
OFFICERS: Final = (
    Officer(name="j.hughes", full_name="Jo Hughes", roles=(Role.APPROVER,)),
    Officer(name="m.okafor", full_name="Mary Okafor", roles=(Role.APPROVER,)),
    Officer(name="s.patel", full_name="Sam Patel", roles=(Role.CONFIRMING_OFFICER,), prison="MDI"),
    Officer(name="d.morgan", full_name="Dilys Morgan", roles=(Role.DUTY_GOVERNOR,), prison="MDI"),
    Officer(name="a.lind", full_name="Ada Lind", roles=(Role.AUDITOR,)),
)
"""Invented people. Two approvers, one officer at the door, an on-call governor, one who only reads."""


def describe_development(
    *,
    broker_port: int,
    gateway_port: int,
    screen_port: int,
    camera: str = "",
    sensor: str = "",
    lock: str = "",
    models_store: str = "",
    gateways: int = 1,
    store: str = "",
) -> Description:
    """Everything on loopback. Empty URIs stand for a webcam and the serial ports of a Raspberry Pi.

    Several `gateways` need a PostgreSQL `store`; their pages take every tenth port from `gateway_port` on. Raises
    ValidationError for what no estate may be.
    """
    kiosk = Kiosk(
        name="MDI-K01",
        lane="MDI-LANE-1",
        screen_host="127.0.0.1",
        screen_port=screen_port,
        camera=camera or "webcam:0",
        sensor=sensor or "r503:/dev/ttyAMA2",
        lock=lock or "serial:/dev/ttyAMA0",
    )
    return Description(
        format=FORMAT,
        name="development",
        profile=Profile.DEVELOPMENT,
        provisioner="provisioner-1",
        models=models_store or "../var/models",
        broker=BrokerPlace(
            name="broker-1",
            host="localhost",
            listen="127.0.0.1",
            port=broker_port,
            names=("localhost", "127.0.0.1"),
        ),
        prison=(Prison(code="MDI", name="Moorland"),),
        lane=(Lane(name="MDI-LANE-1", prison="MDI", kind=LaneKind.PEDESTRIAN),),
        gateway=tuple(
            Gateway(
                name=f"gateway-{number + 1}",
                prisons=("MDI",),
                web_host="127.0.0.1",
                web_port=gateway_port + 10 * number,
                store=store,
                witness=WITNESS if gateways > 1 else "",
            )
            for number in range(gateways)
        ),
        kiosk=(kiosk,),
        interlock=(Interlock(name="MDI-L01", lane="MDI-LANE-1"),),
        officer=OFFICERS,
    )
