"""Colours: enough contrast to be read, and apart for who sees fewer of them."""

from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from gamification.insights.charts.theme import DARK, DASHES, LIGHT, SERIES_MAX, Theme

# Machado, Oliveira and Fernandes (2009), "A Physiologically-based Model for Simulation of Color Vision Deficiency", severity 1.0.
SEEN_BY = {
    "all colours": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
themes = pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])


def linear(colour: str) -> NDArray[np.float64]:
    value = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)


def contrast(one: str, two: str) -> float:
    """WCAG 2.2's."""
    light = sorted(float(linear(each) @ [0.2126, 0.7152, 0.0722]) for each in (one, two))
    return (light[1] + 0.05) / (light[0] + 0.05)


def lab(colour: NDArray[np.float64]) -> NDArray[np.float64]:
    to_xyz = np.array(
        [
            [0.4124564, 0.3575761, 0.1804375],
            [0.2126729, 0.7151522, 0.0721750],
            [0.0193339, 0.1191920, 0.9503041],
        ]
    )
    xyz = to_xyz @ np.clip(colour, 0, 1) / np.array([0.95047, 1.0, 1.08883])
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@themes
def test_texts_have_the_contrast_of_reading(theme: Theme) -> None:
    assert contrast(theme.ink, theme.ground) >= 7
    assert contrast(theme.quiet, theme.ground) >= 4.5


@themes
def test_figures_in_cells_can_be_read(theme: Theme) -> None:
    assert [
        (cell, ink) for cell, ink in zip(theme.heat, theme.heat_ink, strict=True) if contrast(cell, ink) < 4.5
    ] == []


@themes
def test_series_stand_out_from_the_ground(theme: Theme) -> None:
    assert min(contrast(colour, theme.ground) for colour in theme.series) >= 3


@themes
@pytest.mark.parametrize("eyes", SEEN_BY)
def test_no_two_series_look_alike_to_anybody(theme: Theme, eyes: str) -> None:
    """A distance of 2 in Lab can just be told apart side by side; 15 across a chart."""
    seen = [lab(SEEN_BY[eyes] @ linear(colour)) for colour in theme.series]
    assert min(float(np.linalg.norm(one - two)) for one, two in combinations(seen, 2)) >= 15


@themes
@pytest.mark.parametrize("eyes", SEEN_BY)
def test_more_is_darker_on_light_and_lighter_on_dark_to_everybody(theme: Theme, eyes: str) -> None:
    lightness = [float(lab(SEEN_BY[eyes] @ linear(colour))[0]) for colour in theme.heat]
    assert lightness == sorted(lightness, reverse=theme is LIGHT)


def test_each_scheme_has_a_colour_for_each_place() -> None:
    assert len(DARK.series) == len(LIGHT.series) == SERIES_MAX == len(set(DASHES))
    assert len(DARK.heat) == len(LIGHT.heat) == len(LIGHT.heat_ink) == len(DARK.heat_ink)
