"""Teaching: Adam over shuffled samples, mirrored at random, a falling rate, and the running mean of the weights."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from sallyport_biometrics.face.witness import SHAPES, joined
from sallyport_biometrics.face.words import Image
from sallyport_rig.witness.network import STREAMS, Weights, drawn, odds, one_core, padding

Flags = npt.NDArray[np.bool_]
BATCH: Final = 64
RATE: Final = 1.5e-3
DECAY: Final = 1e-4
"""Of the weights, a step of the rate."""
HUSHED: Final = 0.15
"""Share of samples in which a stream says nothing."""
ALONE: Final = 0.2
"""Weight of what each stream says alone."""
CAUTION: Final = 2.0
"""Weight of live faces, all together, over that of all attacks."""
MEAN: Final = 0.998
"""Of the running mean of the weights, a step."""
EVENTUALLY: Final = 0.02
"""Share of the first rate at the end."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Of all kinds, in memory."""

    surround: Image
    patch: Image
    spectra: npt.NDArray[np.float16]
    kind: tuple[str, ...]

    @property
    def attack(self) -> Flags:
        return np.array([not kind.startswith("live") for kind in self.kind])

    def views(self, index: int, mirrored: bool) -> npt.NDArray[np.float32]:
        """What the network reads of one."""
        surround, patch, spectra = self.surround[index], self.patch[index], self.spectra[index].astype(np.float32)
        if mirrored:
            surround, patch = np.ascontiguousarray(surround[:, ::-1]), np.ascontiguousarray(patch[:, ::-1])
            spectra = np.roll(spectra[:, ::-1], 1, axis=1)
        return joined(surround, patch, (spectra[0], spectra[1], spectra[2]))


def taught(
    samples: Samples,
    chosen: Flags,
    epochs: int,
    seed: int,
    tell: Callable[[int, float], None],
    keep: Callable[[Weights], None],
) -> None:
    """So many rounds over the chosen samples; `tell` hears each step and its loss, `keep` each round's weights."""
    jax = one_core()
    numpy = jax.numpy
    indices, generator = np.flatnonzero(chosen), np.random.default_rng(seed)
    total = epochs * (len(indices) // BATCH)
    attack = samples.attack
    worth = np.where(attack, 1 / attack[chosen].mean(), CAUTION / (1 - attack[chosen].mean())) / (1 + CAUTION)

    def loss(weights: Any, views: Any, truth: Any, share: Any, kept: Any) -> Any:
        together, alone = odds(weights, split(views), kept)
        sign = 2 * truth - 1
        each = numpy.logaddexp(0, -sign * together)
        for said in alone:
            each = each + ALONE * numpy.logaddexp(0, -sign * said)
        return (share * each).mean()

    def step(state: Any, count: Any, views: Any, truth: Any, share: Any, kept: Any) -> Any:
        weights, first, second, mean = state
        value, slope = jax.value_and_grad(loss)(weights, views, truth, share, kept)
        rate = (
            RATE
            * numpy.minimum(1.0, count / 200)
            * (EVENTUALLY + (1 - EVENTUALLY) * (0.5 + 0.5 * numpy.cos(numpy.pi * count / total)))
        )
        each = jax.tree.map
        first = each(lambda old, new: 0.9 * old + 0.1 * new, first, slope)
        second = each(lambda old, new: 0.999 * old + 0.001 * new**2, second, slope)
        early = 1 - 0.9**count, 1 - 0.999**count
        weights = each(
            lambda weight, one, two: (
                weight - rate * ((one / early[0]) / (numpy.sqrt(two / early[1]) + 1e-7) + DECAY * 100 * weight)
            ),
            weights,
            first,
            second,
        )
        held = numpy.minimum(MEAN, count / (count + 10))
        mean = each(lambda old, new: held * old + (1 - held) * new, mean, weights)
        return (weights, first, second, mean), value

    stepped = jax.jit(step)
    weights = jax.tree.map(numpy.asarray, levelled(drawn(seed), samples, indices[:: max(1, len(indices) // 64)][:64]))
    nothing = jax.tree.map(numpy.zeros_like, weights)
    state = (weights, nothing, nothing, weights)
    for count, batch in enumerate(batches(indices, epochs, generator), 1):
        views = np.stack([samples.views(int(index), bool(generator.random() < 0.5)) for index in batch])
        kept = (generator.random((len(batch), len(STREAMS))) > HUSHED).astype(np.float32) / (1 - HUSHED)
        state, value = stepped(state, float(count), views, attack[batch].astype(np.float32), worth[batch], kept)
        tell(count, float(value))
        if count % (total // epochs) == 0:
            keep({name: (np.asarray(one), np.asarray(two)) for name, (one, two) in state[3].items()})


def batches(
    indices: npt.NDArray[np.int_], epochs: int, generator: np.random.Generator
) -> Iterator[npt.NDArray[np.int_]]:
    """Each epoch in another order; the few that fill no batch wait for the next."""
    for _ in range(epochs):
        order = generator.permutation(indices)
        yield from (order[at : at + BATCH] for at in range(0, len(order) - BATCH + 1, BATCH))


def split(views: Any) -> list[Any]:
    """[N, LENGTH] as the three views, [N, H, W, 3] each."""
    found, at = [], 0
    for shape in SHAPES:
        size = int(np.prod(shape))
        found.append(views[:, at : at + size].reshape(-1, *shape))
        at += size
    return found


def levelled(
    weights: Mapping[str, tuple[Any, Any]], samples: Samples, some: Sequence[int] | npt.NDArray[np.int_]
) -> dict[str, tuple[Any, Any]]:
    """The first weights, scaled so that each layer gives values of spread one for some samples (Mishkin 2016)."""
    jax = one_core()
    found = dict(weights)
    views = split(np.stack([samples.views(int(index), False) for index in some]))
    for stream, view in zip(STREAMS, views, strict=True):
        values = view
        for each in stream.layers:
            kernel, bias = found[each.name]
            pads = [padding(side, each) for side in values.shape[1:3]]
            given = jax.lax.conv_general_dilated(
                values, kernel, (each.stride,) * 2, pads, dimension_numbers=("NHWC", "HWIO", "NHWC")
            )
            spread = float(given.std()) + 1e-6
            found[each.name] = (kernel / spread, bias)
            values = jax.nn.relu(given / spread)
    return found
