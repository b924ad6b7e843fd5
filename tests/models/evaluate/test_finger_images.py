"""Sets on disk, and every way an image file can be wrong."""

import cv2
import numpy as np
import pytest

from sallyport_models.evaluate.finger_images import decoded, find_sets, read_gray
from sallyport_protocol.errors import MalformedError, RoadError

IMAGE = np.arange(120 * 100, dtype=np.uint16).reshape(120, 100) * 5


def encoded(image: np.ndarray, suffix: str = ".png") -> bytes:
    return bytes(cv2.imencode(suffix, image)[1])


GRAY = (IMAGE // 256).astype(np.uint8)


@pytest.mark.parametrize("suffix", [".png", ".tif", ".bmp"])
def test_gray_images_read_as_they_are(suffix: str) -> None:
    assert np.array_equal(decoded(encoded(GRAY, suffix), "x"), GRAY)


def test_colour_and_sixteen_bits_become_gray():
    assert np.array_equal(decoded(encoded(IMAGE), "x"), GRAY)
    assert decoded(encoded(np.dstack([GRAY] * 3)), "x").shape == GRAY.shape
    assert decoded(encoded(np.dstack([GRAY] * 4)), "x").shape == GRAY.shape


@pytest.mark.parametrize("content", [b"", b"text", encoded(GRAY)[:-20], encoded(GRAY)[:40], encoded(GRAY, ".bmp")[:30]])
def test_what_is_no_whole_image_is_refused(content: bytes) -> None:
    with pytest.raises(MalformedError):
        decoded(content, "x")


def test_one_set_or_one_folder_for_each(tmp_path):
    for name in ("a/1_1.png", "a/1_2.tif", "a/10_1.bmp", "b/left_thumb_3.png", "b/notes.txt", "b/unnumbered.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    sets = find_sets(tmp_path)
    assert [one.name for one in sets] == ["a", "b"]
    assert [(each.finger, each.number) for each in sets[0].impressions] == [("1", 1), ("1", 2), ("10", 1)]
    assert [(each.finger, each.number) for each in sets[1].impressions] == [("left_thumb", 3)]
    assert [one.name for one in find_sets(tmp_path / "a")] == ["a"]


def test_missing_things_are_named(tmp_path):
    with pytest.raises(RoadError, match="nowhere"):
        find_sets(tmp_path / "nowhere")
    with pytest.raises(RoadError, match="FINGER_IMPRESSION"):
        find_sets(tmp_path)
    with pytest.raises(RoadError, match="absent"):
        read_gray(tmp_path / "absent.png")
