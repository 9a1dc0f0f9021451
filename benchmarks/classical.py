"""The classical means of restoring pictures, tuned on examples: what learned restoration must beat to be worth it.

A means takes one spoiled picture, (H, W, 3) uint8, and returns a better one. Those that inpaint take (H, W, 4): the
last channel is 255 where the picture is missing and 0 where it is known, as `mintage.degrade.mask` has it after 8
bits. They know no more of a picture than a learned restorer does: one blur kernel, tuned by `best_of`, stands for
all, and the noise is estimated from each picture. Some need scikit-image, some opencv-python-headless.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mintage.errors import ConfigError

Picture = NDArray[np.uint8]
Means = Callable[[Picture], Picture]
Floats = NDArray[np.float64]


def best_of(candidates: Iterable[Means], pairs: Sequence[tuple[Picture, Picture]]) -> Means:
    """The candidate of the highest mean PSNR on pairs of (spoiled, truth); take other pairs to judge it on."""
    return max(candidates, key=lambda means: np.mean([psnr(means(spoiled), truth) for spoiled, truth in pairs]))


def psnr(a: Picture, b: Picture) -> float:
    """Peak signal-to-noise ratio in decibels; equal pictures count as one level wrong in a hundred pixels."""
    error = float(np.mean((a.astype(float) - b) ** 2))
    return float(10 * np.log10(255**2 / max(error, 0.01)))


# --- super-resolution ---------------------------------------------------------------------------


def enlarge(picture: Picture, *, scale: int, filter: Image.Resampling = Image.Resampling.BICUBIC) -> Picture:
    height, width = picture.shape[:2]
    return np.asarray(Image.fromarray(picture).resize((width * scale, height * scale), filter))


# --- deblurring ---------------------------------------------------------------------------------


def unsharp_mask(picture: Picture, *, radius: float, amount: float) -> Picture:
    filters = _package("skimage.filters")
    return _levels(filters.unsharp_mask(picture, radius=radius, amount=amount, channel_axis=2))


def wiener(picture: Picture, *, sigma: float, balance: float) -> Picture:
    """Wiener's filter (1949) with a Laplacian prior, for a round Gaussian blur."""
    restoration = _package("skimage.restoration")
    return _by_plane(picture, sigma, lambda plane, kernel: restoration.wiener(plane, kernel, balance, clip=False))


def richardson_lucy(picture: Picture, *, sigma: float, steps: int) -> Picture:
    """Richardson (1972), Lucy (1974): towards the likeliest picture under Poisson noise, stopped early."""
    restoration = _package("skimage.restoration")
    return _by_plane(
        picture, sigma, lambda plane, kernel: restoration.richardson_lucy(plane, kernel, steps, filter_epsilon=1e-3)
    )


# --- denoising ----------------------------------------------------------------------------------


def non_local_means(picture: Picture, *, strength: float, patch: int) -> Picture:
    """Buades et al. (2005); the cut-off is `strength` times the estimated noise."""
    restoration, sigma = _package("skimage.restoration"), noise_level(picture) / 255
    return _levels(
        restoration.denoise_nl_means(
            picture / 255, patch_size=patch, patch_distance=8, h=strength * sigma, sigma=sigma, channel_axis=2
        )
    )


def bilateral(picture: Picture, *, strength: float, radius: float) -> Picture:
    """Tomasi & Manduchi (1998); colours count as near within `strength` times the estimated noise."""
    cv2 = _package("cv2")
    filtered: Picture = cv2.bilateralFilter(picture, -1, strength * noise_level(picture), radius)
    return filtered


def noise_level(picture: Picture) -> float:
    """Standard deviation of the noise in levels, from what is neither flat nor sloped (Immerkær, 1996)."""
    x = picture.astype(float)
    for _ in range(2):  # the second difference down, then across
        x = (x[:-2] - 2 * x[1:-1] + x[2:]).swapaxes(0, 1)
    return float(np.sqrt(np.pi / 2) * np.abs(x).mean() / 6)


# --- inpainting: pictures of four channels --------------------------------------------------------


def biharmonic(picture: Picture) -> Picture:
    """Damelin & Hoang (2018): the smoothest surface that meets what is known."""
    restoration = _package("skimage.restoration")
    filled = restoration.inpaint_biharmonic(picture[..., :3] / 255, picture[..., 3] > 127, channel_axis=2)
    return _levels(filled)


def telea(picture: Picture, *, radius: float) -> Picture:
    """Telea (2004): from the border inwards, each pixel by its known neighbours."""
    return _inpainted(picture, radius, "INPAINT_TELEA")


def navier_stokes(picture: Picture, *, radius: float) -> Picture:
    """Bertalmio et al. (2001): lines of equal light run on into the hole."""
    return _inpainted(picture, radius, "INPAINT_NS")


# --- what is tried: a name for a report, and candidates for best_of --------------------------------

SIGMAS = (0.6, 0.9, 1.2, 1.6, 2.0, 2.5)
RADII = (1.0, 3.0, 5.0, 8.0, 12.0)


def _grid(means: Callable[..., Picture], **choices: Sequence[Any]) -> list[Means]:
    return [partial(means, **dict(zip(choices, values, strict=True))) for values in product(*choices.values())]


DEBLUR: Mapping[str, Sequence[Means]] = {
    "unsharp mask": _grid(unsharp_mask, radius=(0.7, 1.0, 1.5, 2.0, 3.0), amount=(0.5, 1.0, 1.5, 2.5, 4.0)),
    "Wiener": _grid(wiener, sigma=SIGMAS, balance=(1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1)),
    "Richardson-Lucy": _grid(richardson_lucy, sigma=SIGMAS, steps=(3, 6, 12, 25, 50)),
}
DENOISE: Mapping[str, Sequence[Means]] = {
    "non-local means": _grid(non_local_means, strength=(0.3, 0.45, 0.6, 0.8, 1.0, 1.3), patch=(3, 5, 7)),
    "bilateral": _grid(bilateral, strength=(1.5, 2.0, 2.5, 3.0, 4.0, 6.0), radius=(1.0, 2.0, 3.0, 4.0, 6.0)),
}
INPAINT: Mapping[str, Sequence[Means]] = {
    "biharmonic": [biharmonic],
    "Telea": _grid(telea, radius=RADII),
    "Navier-Stokes": _grid(navier_stokes, radius=RADII),
}


def super_resolve(scale: int) -> Mapping[str, Sequence[Means]]:
    """The same for pictures that are to become `scale` times larger."""
    bicubic, lanczos = Image.Resampling.BICUBIC, Image.Resampling.LANCZOS
    return {
        "bicubic": [partial(enlarge, scale=scale, filter=bicubic)],
        "Lanczos": [partial(enlarge, scale=scale, filter=lanczos)],
    }


# --- what they are made of ------------------------------------------------------------------------


def _by_plane(picture: Picture, sigma: float, deconvolve: Callable[[Floats, Floats], Floats]) -> Picture:
    """Each channel deconvolved by a Gaussian, in a mirrored frame since the Fourier transform goes round."""
    frame = int(np.ceil(8 * sigma))
    place = np.arange(-int(np.ceil(4 * sigma)), int(np.ceil(4 * sigma)) + 1)
    kernel = np.exp(-0.5 * (place[:, None] ** 2 + place**2) / sigma**2)
    framed = np.pad(picture / 255, ((frame, frame), (frame, frame), (0, 0)), mode="symmetric")
    planes = [deconvolve(plane, kernel / kernel.sum()) for plane in np.moveaxis(framed, 2, 0)]
    return _levels(np.stack(planes, 2)[frame:-frame, frame:-frame])


def _inpainted(picture: Picture, radius: float, name: str) -> Picture:
    cv2 = _package("cv2")
    known, mask = np.ascontiguousarray(picture[..., :3]), np.ascontiguousarray(picture[..., 3])
    filled: Picture = cv2.inpaint(known, (mask > 127).astype(np.uint8), radius, getattr(cv2, name))
    return filled


def _levels(x: Floats) -> Picture:
    return (x * 255).round().clip(0, 255).astype(np.uint8)


def _package(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ConfigError(
            f"The classical baselines need scikit-image and opencv-python-headless, but {name} cannot be imported "
            f"({error}). Install them: pip install 'mintage[bench]'."
        ) from error
