"""The packets byte by byte, against the examples printed in the R503 manual V1.2.2."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sallyport_kiosk.drivers.zhiantec import (
    DEFAULT_ADDRESS,
    Code,
    Identifier,
    Instruction,
    Packet,
    Product,
    SystemParameters,
    content_length,
    decode,
    meaning,
    pack_image,
    unpack_image,
)
from sallyport_protocol.errors import MalformedError


@pytest.mark.parametrize(
    ("content", "printed"),
    [
        # Aura control, "cyan breathing light"
        (b"\x35\x01\x50\x06\x00", "EF01FFFFFFFF01000735015006000094"),
        # GetImg, sum 0005; UpImage, sum 000E; ReadSysPara, sum 0013; HandShake, sum 0044; ReadProdInfo, sum 0040
        (b"\x01", "EF01FFFFFFFF010003010005"),
        (b"\x0a", "EF01FFFFFFFF0100030A000E"),
        (b"\x0f", "EF01FFFFFFFF0100030F0013"),
        (b"\x40", "EF01FFFFFFFF010003400044"),
        (b"\x3c", "EF01FFFFFFFF0100033C0040"),
        # GetImageEx, sum 002C; CheckSensor, sum 003A; SoftRst, sum 0041
        (b"\x28", "EF01FFFFFFFF01000328002C"),
        (b"\x36", "EF01FFFFFFFF01000336003A"),
        (b"\x3d", "EF01FFFFFFFF0100033D0041"),
        # AutoEnroll, the manual's longest command
        (b"\x31\xc8\x00\x01\x01\x01", None),
    ],
)
def test_commands_are_the_printed_ones(content: bytes, printed: str | None) -> None:
    packet = Packet(Identifier.COMMAND, content)
    if printed is not None:
        assert packet.encode().hex().upper() == printed
    assert decode(packet.encode(), DEFAULT_ADDRESS) == packet


@pytest.mark.parametrize(
    ("printed", "content"),
    [
        ("EF01FFFFFFFF07000300000A", b"\x00"),
        ("EF01FFFFFFFF070005000100000D", b"\x00\x01\x00"),
        ("EF01FFFFFFFF0700080003000000 3D004F".replace(" ", ""), b"\x00\x03\x00\x00\x00\x3d"),
    ],
)
def test_printed_answers_are_read(printed: str, content: bytes) -> None:
    assert decode(bytes.fromhex(printed), DEFAULT_ADDRESS) == Packet(Identifier.ACKNOWLEDGE, content)


def test_system_parameters_are_read() -> None:
    answer = bytes.fromhex("0000 0000 00C8 0003 FFFFFFFF 0002 0006")
    parameters = SystemParameters.parse(answer)
    assert parameters == SystemParameters(0, 0, 200, 3, 0xFFFFFFFF, 128, 57_600)
    assert parameters.encode() == answer
    for bad in (answer[:-1], answer[:12] + b"\x00\x04\x00\x06"):
        with pytest.raises(MalformedError):
            SystemParameters.parse(bad)


@pytest.mark.parametrize("reserved", [b"", b"\0\0\0\0"])
def test_product_information_is_read(reserved: bytes) -> None:
    answer = (
        b"R503".ljust(16, b"\0")
        + b"2210"
        + b"00012345"
        + b"\x01\x02"
        + b"FPC1011".ljust(8, b"\0")
        + bytes.fromhex("00C0 00C0 0600 00C8")
        + reserved
    )
    assert Product.parse(answer) == Product("R503", "2210", "00012345", (1, 2), "FPC1011", 192, 192)
    with pytest.raises(MalformedError):
        Product.parse(answer[:-1])


def test_product_names_cannot_carry_control_characters() -> None:
    assert Product.parse(b"R5\x1b[2J\xff03".ljust(46, b"\0")).model == "R5[2J03"


@given(st.binary(min_size=1, max_size=256), st.sampled_from(list(Identifier)), st.integers(0, 0xFFFFFFFF))
def test_packets_come_back(content: bytes, identifier: Identifier, address: int) -> None:
    packet = Packet(identifier, content, address)
    assert decode(packet.encode(), address) == packet


@given(st.binary(min_size=1, max_size=64), st.data())
def test_one_flipped_bit_is_never_taken_for_the_packet(content: bytes, data: st.DataObject) -> None:
    encoded = bytearray(Packet(Identifier.DATA, content).encode())
    bit = data.draw(st.integers(0, len(encoded) * 8 - 1))
    encoded[bit // 8] ^= 1 << bit % 8
    with pytest.raises(MalformedError):
        decode(bytes(encoded), DEFAULT_ADDRESS)


@given(st.binary(max_size=300))
def test_noise_is_refused_and_nothing_else(noise: bytes) -> None:
    with pytest.raises(MalformedError):
        decode(noise, DEFAULT_ADDRESS)


def test_a_packet_has_a_bound() -> None:
    for content in (b"", bytes(257)):
        with pytest.raises(MalformedError):
            Packet(Identifier.DATA, content).encode()
    for length in (0, 2, 259, 65_535):
        with pytest.raises(MalformedError):
            content_length(b"\xef\x01\xff\xff\xff\xff\x02" + length.to_bytes(2, "big"))


def test_the_high_half_of_a_byte_is_the_left_pixel() -> None:
    assert unpack_image(b"\x0f\xa5", 2, 2).tolist() == [[0, 255], [170, 85]]
    with pytest.raises(MalformedError):
        unpack_image(b"\x0f", 2, 2)


@given(st.binary(min_size=32, max_size=32))
def test_packing_keeps_the_high_four_bits(data: bytes) -> None:
    image = np.frombuffer(data, np.uint8).reshape(4, 8)
    assert np.array_equal(unpack_image(pack_image(image), 4, 8), (image >> 4) * 17)
    assert pack_image(unpack_image(data, 8, 8)) == data


def test_every_code_says_what_to_do_and_an_unknown_one_too() -> None:
    for code in Code:
        if code is not Code.OK:
            assert len(meaning(code)) > 10
    assert "0x77" in meaning(0x77)
    assert {int(instruction) for instruction in Instruction} >= {0x01, 0x0A, 0x0E, 0x0F, 0x13, 0x28, 0x35, 0x3C}
