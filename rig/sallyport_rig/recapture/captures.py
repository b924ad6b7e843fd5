"""One capture: a live face or an attack, from a photograph to the picture that the second camera makes of it."""

from dataclasses import fields, replace

import cv2
import numpy as np

from sallyport_rig.recapture.camera import CAMERAS, Camera, Light, Picture, expose, rendered
from sallyport_rig.recapture.media import INCH, Medium, grained, patterned, printed, shown, size_of, structure
from sallyport_rig.recapture.scene import (
    Framing,
    Photograph,
    View,
    content,
    extent,
    framed,
    live_light,
    surrounded,
    surroundings,
    viewed,
)

EXPOSURE = (0.14, 0.32)
"""Linear light of the face after the camera's automatic exposure, as a share of white."""


def live(photograph: Photograph, camera: Camera, generator: np.random.Generator) -> Picture:
    """The face of the photograph as if it stood before the camera."""
    framing = framed(photograph, generator)
    light = live_light(photograph, framing, rendered(camera), generator)
    light = _edged(light, framing, rendered(camera), generator)
    lit = light * _lighting(light.shape[:2], generator)[..., None]
    return expose(_exposed(lit, framing, camera, generator), camera, framing.shape, generator)


def attack(
    photograph: Photograph, medium: Medium, camera: Camera, other: Picture, generator: np.random.Generator
) -> Picture:
    """The photograph on this medium, held before the camera; `other` furnishes the room behind it."""
    framing = (surrounded if medium.whole else framed)(photograph, generator)
    pitch = float(generator.uniform(*medium.pitch)) / INCH
    face = size_of(medium, pitch, framing.face * camera.oversampling, generator)
    view = viewed(photograph, framing, medium, face, rendered(camera), generator)
    surface = _surface(photograph, medium, pitch, view, framing, camera, generator)
    shape = (surface.shape[0], surface.shape[1])
    room = surroundings(other, shape, generator)
    whole = (
        surface
        if generator.random() < 0.3 and not medium.whole
        else _bordered(surface, room, photograph, medium, view, generator)
    )
    return expose(_exposed(whole, framing, camera, generator), camera, framing.shape, generator)


def _surface(
    photograph: Photograph,
    medium: Medium,
    pitch: float,
    view: View,
    framing: Framing,
    camera: Camera,
    generator: np.random.Generator,
) -> Light:
    """Light that leaves the medium, as the camera's lens and photosites can see it."""
    picture = content(photograph, view)
    waves = structure(medium, pitch, generator)
    if medium.emits:
        light = shown(picture, medium, generator) * generator.uniform(*medium.white)
        light = patterned(light, waves, view.x, view.y, view.sites, camera, dots=False)
        light = light * _banding(light.shape[0], camera, generator)
    else:
        light = printed(picture, medium, generator)
        light = patterned(light, waves, view.x, view.y, view.sites, camera, dots=True)
        light = grained(light, medium, view.sites * camera.lens, generator)
        light = light * _lighting(light.shape[:2], generator)[..., None]
    if view.shade is not None:
        light = light * view.shade[..., None]
    reflected = _reflection(light.shape[:2], medium, generator)
    if medium.lamp:
        reflected = reflected + _lamp(light.shape[:2], medium, framing, rendered(camera), generator)
    return np.asarray(light + reflected[..., None], np.float32)


def _lighting(shape: tuple[int, int], generator: np.random.Generator) -> Light:
    """The room's light falls off to one side."""
    slope = generator.normal(0, 0.15, 2)
    down, across = np.mgrid[-1 : 1 : shape[0] * 1j, -1 : 1 : shape[1] * 1j]
    return np.asarray(np.clip(1 + slope[0] * across + slope[1] * down, 0.4, 1.6), np.float32)


def _banding(rows: int, camera: Camera, generator: np.random.Generator) -> Light:
    """Rows are read one after another while the backlight is dimmed by pulses."""
    if generator.random() > 0.35:
        return np.ones((1, 1, 1), np.float32)
    period, depth = generator.uniform(0.05, 0.6) * rows, generator.uniform(0.01, 0.1)
    wave = 1 + depth * np.sin(2 * np.pi * np.arange(rows) / period + generator.uniform(0, 6.3))
    return np.asarray(wave[:, None, None], np.float32)


def _reflection(shape: tuple[int, int], medium: Medium, generator: np.random.Generator) -> Light:
    """The room in the glass or the gloss: a haze, and now and then a lamp or a window."""
    height, width = shape
    share = generator.uniform(*medium.gloss)
    light = np.full(shape, share * generator.uniform(0.2, 1.0), np.float32)
    for _ in range(int(generator.integers(0, 3)) if medium.gloss[1] > 0.015 else 0):
        spot = np.zeros(shape, np.float32)
        middle = (int(generator.uniform(0, width)), int(generator.uniform(0, height)))
        axes = (int(width * generator.uniform(0.02, 0.2)) + 1, int(height * generator.uniform(0.02, 0.15)) + 1)
        cv2.ellipse(spot, middle, axes, float(generator.uniform(0, 180)), 0, 360, 1.0, -1)
        soft = cv2.GaussianBlur(spot, (0, 0), 0.5 + width * generator.uniform(0.002, 0.05))
        light += np.asarray(soft * share * generator.uniform(1, 20), np.float32)
    return light


def _lamp(
    shape: tuple[int, int], medium: Medium, framing: Framing, oversampling: float, generator: np.random.Generator
) -> Light:
    """A lamp or a window, mirrored somewhere over the face or just beside it."""
    face = framing.face * oversampling
    x, y = (at * oversampling + face * generator.uniform(-0.6, 0.6) for at in (framing.x, framing.y))
    axes = (int(face * generator.uniform(0.08, 0.35)) + 1, int(face * generator.uniform(0.06, 0.3)) + 1)
    spot = np.zeros(shape, np.float32)
    if generator.random() < 0.5:
        cv2.ellipse(spot, (int(x), int(y)), axes, float(generator.uniform(0, 180)), 0, 360, 1.0, -1)
    else:
        corners = cv2.boxPoints(((x, y), (2.0 * axes[0], 2.0 * axes[1]), float(generator.uniform(0, 90))))
        cv2.fillConvexPoly(spot, np.rint(corners).astype(np.int32), 1.0)
    soft = cv2.GaussianBlur(spot, (0, 0), 0.5 + face * generator.uniform(0.01, 0.1))
    return np.asarray(soft * generator.uniform(*medium.gloss) * generator.uniform(5, 25), np.float32)


def _bordered(
    surface: Light, room: Light, photograph: Photograph, medium: Medium, view: View, generator: np.random.Generator
) -> Light:
    """Bezel or margin about the picture, the room about that, and the fingers that hold it."""
    left, top, right, bottom = extent(view, photograph, medium, generator)
    border = generator.uniform(*medium.border, 4)
    inside = _within(view, left, top, right, bottom)
    outside = _within(view, left - border[0], top - border[1], right + border[2], bottom + border[3])
    dark = generator.uniform(0.01, 0.06) if generator.random() < 0.8 else generator.uniform(0.4, 0.9)
    rim = dark if medium.emits else float(generator.uniform(*medium.white))
    whole = inside * surface + (outside - inside) * np.float32(rim) + (1 - outside) * room
    if generator.random() < 0.5:
        whole = _held(whole, photograph, view, (left, right, bottom), generator)
    return np.asarray(whole, np.float32)


def _within(view: View, left: float, top: float, right: float, bottom: float) -> Light:
    """1 inside the rectangle, 0 outside, one photosite of ramp between: [H, W, 1]."""
    depth = np.minimum(np.minimum(view.x - left, right - view.x), np.minimum(view.y - top, bottom - view.y))
    return np.asarray(np.clip(depth * view.sites + 0.5, 0, 1)[..., None], np.float32)


def _held(
    whole: Light,
    photograph: Photograph,
    view: View,
    edges: tuple[float, float, float],
    generator: np.random.Generator,
) -> Light:
    """One to three fingers over the lower or side edge, in the colour of skin; small ones for a small picture."""
    left, right, bottom = edges
    skin = np.array([0.25, 0.33, 0.5]) * generator.uniform(0.3, 1.2)
    small = min(1.0, photograph.face / view.millimetre / 50)
    for _ in range(int(generator.integers(1, 4))):
        x = generator.choice([left, right, generator.uniform(left, right)])
        y = bottom if left < x < right else generator.uniform(0, bottom)
        reach, width = generator.uniform(15, 35) * small, generator.uniform(8, 11) * small
        distance = np.hypot((view.x - x) / reach, (view.y - y) / width)
        mask = np.clip((1 - distance) * 8, 0, 1)[..., None]
        whole = whole * (1 - mask) + mask * (skin * np.clip(1.2 - 0.5 * distance, 0.2, 1)[..., None])
    return np.asarray(whole, np.float32)


def _edged(light: Light, framing: Framing, oversampling: float, generator: np.random.Generator) -> Light:
    """Door frames and shelves are straight too: at times one stands beside the live face, clear of it."""
    if generator.random() < 0.6:
        return light
    width = light.shape[1]
    clear = framing.face * oversampling * generator.uniform(1.0, 1.6)
    x = framing.x * oversampling
    changed = light.copy()
    shade = generator.uniform(0.1, 1.5)
    if x - clear > 4 and generator.random() < 0.7:
        changed[:, : int(x - clear)] *= shade
    if x + clear < width - 4 and generator.random() < 0.7:
        changed[:, int(x + clear) :] *= shade
    return changed


def _exposed(light: Light, framing: Framing, camera: Camera, generator: np.random.Generator) -> Light:
    """Automatic exposure looks at the face."""
    half, over = framing.face / 2, rendered(camera)
    rows = slice(max(0, int((framing.y - half) * over)), int((framing.y + half) * over))
    columns = slice(max(0, int((framing.x - half) * over)), int((framing.x + half) * over))
    mean = float(light[rows, columns].mean())
    return np.asarray(light * (generator.uniform(*EXPOSURE) / max(mean, 1e-4)), np.float32)


def any_camera(generator: np.random.Generator) -> Camera:
    """One whose every habit lies somewhere between those of `CAMERAS`: no kind that is learnt by heart."""
    habits = list(CAMERAS.values())

    def drawn(name: str) -> float:
        values = [float(getattr(habit, name)) for habit in habits]
        return float(generator.uniform(min(values), max(values)))

    low, high = (int(generator.integers(60, 90)), 96)
    names = [each.name for each in fields(Camera) if each.name != "quality"]
    return Camera(**{name: drawn(name) for name in names}, quality=(low, high))


def varied(camera: Camera, generator: np.random.Generator) -> Camera:
    """No two cameras of a kind are alike."""
    return replace(
        camera,
        oversampling=camera.oversampling * float(generator.uniform(0.8, 1.25)),
        lens=camera.lens * float(generator.uniform(0.8, 1.3)),
        sharpening=camera.sharpening * float(generator.uniform(0.3, 1.2)),
        smoothing=camera.smoothing * float(generator.uniform(0.5, 1.3)),
    )
