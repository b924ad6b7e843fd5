import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest

from sallyport_kiosk.drivers.camera_folder import FolderCamera, decode_image, letterbox
from sallyport_protocol.errors import RoadError


class Time:
    """A clock that moves only when somebody waits."""

    def __init__(self) -> None:
        self.now = 100.0
        self.waits: list[float] = []

    def clock(self) -> float:
        return self.now

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds


def write(path: Path, value: int, rows: int = 48, columns: int = 64) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    assert cv2.imwrite(str(path), np.full((rows, columns, 3), value, np.uint8))
    return path


def camera(folder: Path, fps: float = 10.0) -> tuple[FolderCamera, Time]:
    time = Time()
    made = FolderCamera(folder, 64, 48, fps, time.clock, time.wait)
    made.open()
    return made, time


def values(made: FolderCamera, count: int) -> list[int]:
    return [int(made.read().image[24, 32, 0]) for _ in range(count)]


def test_frames_come_in_order_and_loop(tmp_path: Path) -> None:
    for name, value in (("b.png", 20), ("a.png", 10), ("c.bmp", 30)):
        write(tmp_path / name, value)
    (tmp_path / "README.md").write_text("not a frame")
    made, _ = camera(tmp_path)
    assert values(made, 5) == [10, 20, 30, 10, 20]


def test_the_rate_is_kept_and_times_are_monotonic(tmp_path: Path) -> None:
    write(tmp_path / "a.png", 1)
    made, time = camera(tmp_path, fps=4)
    frames = [made.read() for _ in range(4)]
    assert [frame.sequence for frame in frames] == [1, 2, 3, 4]
    gaps = [b.captured_ms - a.captured_ms for a, b in itertools.pairwise(frames)]
    assert gaps == [250, 250, 250]
    assert time.waits[0] == 0
    assert frames[0].device == f"folder:{tmp_path}"


def test_one_frame_a_second_is_slow_but_works(tmp_path: Path) -> None:
    write(tmp_path / "a.png", 1)
    made, time = camera(tmp_path, fps=1)
    made.read()
    made.read()
    assert time.waits[-1] == pytest.approx(1.0)


def test_changed_files_and_swapped_links_show_at_once(tmp_path: Path) -> None:
    write(tmp_path / "one" / "a.png", 10)
    write(tmp_path / "two" / "a.png", 90)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "one")
    made, _ = camera(link)
    assert values(made, 2) == [10, 10]
    link.unlink()
    link.symlink_to(tmp_path / "two")
    assert values(made, 1) == [90]
    write(tmp_path / "two" / "a.png", 120)
    assert values(made, 1) == [120]
    write(tmp_path / "two" / "b.png", 50)
    assert sorted(values(made, 2)) == [50, 120]


def test_a_reader_cannot_change_the_next_frame(tmp_path: Path) -> None:
    write(tmp_path / "a.png", 10)
    made, _ = camera(tmp_path)
    made.read().image[:] = 0
    assert values(made, 1) == [10]


def test_frames_keep_their_shape_on_black(tmp_path: Path) -> None:
    tall = letterbox(np.full((200, 100, 3), 255, np.uint8), 64, 48)
    assert tall.shape == (48, 64, 3)
    assert tall[:, 20:44].min() == 255
    assert tall[:, :20].max() == 0
    assert letterbox(np.full((1, 5000, 3), 9, np.uint8), 64, 48).shape == (48, 64, 3)
    assert letterbox(np.full((5000, 1, 3), 9, np.uint8), 64, 48).shape == (48, 64, 3)


def test_gray_and_16_bit_and_transparent_images_become_frames(tmp_path: Path) -> None:
    for number, image in enumerate(
        (
            np.full((48, 64), 100, np.uint8),
            np.full((48, 64, 3), 100 * 257, np.uint16),
            np.full((48, 64, 4), 100, np.uint8),
        )
    ):
        path = tmp_path / f"{number}.png"
        cv2.imwrite(str(path), image)
        frame = decode_image(path, 64, 48)
        assert (frame.shape, frame.dtype) == ((48, 64, 3), np.uint8)
        assert int(frame[0, 0, 1]) == 100


def test_a_huge_image_becomes_an_ordinary_frame(tmp_path: Path) -> None:
    path = write(tmp_path / "huge.jpg", 77, 9_000, 12_000)
    frame = decode_image(path, 640, 480)
    assert frame.shape == (480, 640, 3)
    assert abs(int(frame[240, 320, 0]) - 77) <= 1


@pytest.mark.parametrize("suffix", ["jpg", "png", "bmp", "webp"])
def test_truncated_images_are_refused_wherever_they_are_cut(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a.{suffix}"
    noise = cv2.GaussianBlur(np.random.default_rng(0).integers(0, 255, (96, 128, 3), np.uint8), (0, 0), 2)
    cv2.imwrite(str(path), noise)
    whole = path.read_bytes()
    assert decode_image(path, 64, 48).shape == (48, 64, 3)
    for kept in (0, 1, 20, len(whole) // 2, len(whole) - 200, len(whole) - 1):
        path.write_bytes(whole[:kept])
        with pytest.raises(RoadError, match=f"a.{suffix} is not a whole image"):
            decode_image(path, 64, 48)


def test_a_bad_file_in_the_folder_is_named_and_the_next_frame_comes(tmp_path: Path) -> None:
    write(tmp_path / "a.png", 10)
    (tmp_path / "b.jpg").write_bytes(b"\xff\xd8\xff\xe0 a torn photograph")
    made, _ = camera(tmp_path)
    assert values(made, 1) == [10]
    with pytest.raises(RoadError, match=r"b.jpg is not a whole image: take it out"):
        made.read()
    assert values(made, 1) == [10]


def test_empty_missing_and_removed_folders_are_said(tmp_path: Path) -> None:
    with pytest.raises(RoadError, match="put images into it"):
        FolderCamera(tmp_path).open()
    with pytest.raises(RoadError, match="name a folder with images"):
        FolderCamera(tmp_path / "absent").open()
    write(tmp_path / "a.png", 10)
    made, _ = camera(tmp_path)
    (tmp_path / "a.png").unlink()
    with pytest.raises(RoadError, match="put images into it"):
        made.read()
    write(tmp_path / "a.png", 11)
    assert values(made, 1) == [11]
    made.close()
    made.close()
    with pytest.raises(RoadError, match="not open"):
        made.read()
    made.open()
    assert values(made, 1) == [11]
