"""The fit of unequal fiducials is the likeliest proper motion, and as sure as it says."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation
from scipy.stats import binom, chi2, kstest

from navigator.geometry.fiducials import FiducialFit, fit_fiducials
from navigator.geometry.frames import Frame, FrameKind
from navigator.geometry.pointsets import expected_tre_mm, fit_rigid_matrix
from navigator.geometry.rigid import RigidTransform, check_rigid
from navigator.geometry.target_error import ExpectedTargetError, expected_target_error
from tests.strategies import point_sets_mm, rigid_transforms

if TYPE_CHECKING:
    from navigator.arrays import Booleans, Floats

EXACT_MM = 1e-6
"""The search ends at a millionth of a standard deviation; these are below a millimetre."""

pytestmark = pytest.mark.xdist_group("fiducials")

LPS, PLATE = Frame(FrameKind.LPS, "1"), Frame(FrameKind.TEMPLATE, "T")

PLATE_MM = np.array(
    [[-52, -52, 3.5], [52, -40, 11.5], [50, 52, 3.5], [-30, 52, 11.5], [0, -52, 3.5]]
)

CROSS_MM = np.array([[10, 0, 0], [-10, 0, 0], [0, 10, 0], [0, -10, 0.0]])

TARGETS_MM = np.array([[0, 0, 0], [0, 0, 115], [20, -30, 80], [100, 0, 40.0]])

FITS = 1200
"""Simulated fits of each case: a covariance's entries are known to 1/√1200 = 2.9 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Noisy paired points with the covariances that their noise was drawn from."""

    target: Floats
    source: Floats
    at_target: Floats
    at_source: Floats | None

    def fit(self) -> FiducialFit:
        """Fit them by the covariances that they have."""
        return fit_fiducials(self.target, self.source, self.at_target, self.at_source)


def same_everywhere(sd_mm: float, count: int) -> Floats:
    return np.tile(sd_mm**2 * np.eye(3), (count, 1, 1))


def covariances_mm2(rng: np.random.Generator, count: int) -> Floats:
    """Draw covariances with standard deviations from 0.1 to 1 mm along axes of any direction."""
    axes = Rotation.random(count, random_state=rng).as_matrix()
    variances = np.exp(rng.uniform(np.log(0.1), np.log(1.0), size=(count, 3))) ** 2
    found = axes @ (variances[:, :, None] * axes.transpose(0, 2, 1))
    return 0.5 * (found + found.transpose(0, 2, 1))


def noise_mm(rng: np.random.Generator, covariances: Floats) -> Floats:
    drawn = rng.normal(size=(len(covariances), 3))
    return np.einsum("nij,nj->ni", np.linalg.cholesky(covariances), drawn)


@st.composite
def noisy_pairs(draw: st.DrawFn) -> Pairs:
    source = draw(point_sets_mm(draw(st.integers(4, 7))))
    moved = draw(rigid_transforms(target=LPS, source=PLATE))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    at_target, at_source = (covariances_mm2(rng, len(source)) for _ in range(2))
    unsure = draw(st.booleans())
    return Pairs(
        target=moved.map_points(source) + noise_mm(rng, at_target),
        source=source + noise_mm(rng, at_source) if unsure else source,
        at_target=at_target,
        at_source=at_source if unsure else None,
    )


def turned(covariances: Floats, rotation: Floats) -> Floats:
    """Give covariances in a frame that is turned."""
    found = rotation @ covariances @ rotation.T
    return 0.5 * (found + found.transpose(0, 2, 1))


# by hand


@given(rigid_transforms(target=LPS, source=PLATE), point_sets_mm(5), st.integers(0, 2**32 - 1))
def test_a_motion_is_found_again(moved: RigidTransform, source: Floats, seed: int) -> None:
    covariances = covariances_mm2(np.random.default_rng(seed), len(source))
    found = fit_fiducials(moved.map_points(source), source, covariances)
    assert np.abs(found.target_from_source - moved.matrix).max() <= EXACT_MM
    assert found.fre_not_accuracy_mm <= EXACT_MM
    assert found.chi_square <= EXACT_MM
    assert found.misfit_probability == pytest.approx(1.0)


def test_the_error_of_a_cross_that_is_blurred_along_z_by_hand() -> None:
    """Markers at 10 mm on x and y, known to 0.2 mm across and 0.4 mm along z."""
    blurred = np.tile(np.diag([0.04, 0.04, 0.16]), (4, 1, 1))
    fit = fit_fiducials(CROSS_MM, CROSS_MM, blurred)
    # a mean of four; tilts seen along z by the pair off their axis, the turn about z by all four
    tilt, turn = 0.16 / (2 * 10**2), 0.04 / (4 * 10**2)
    expected = np.diag([0.04 / 4, 0.04 / 4, 0.16 / 4, tilt, tilt, turn])
    assert np.abs(fit.motion_covariance - expected).max() <= 1e-12
    error = expected_target_error(fit, [[0, 0, 30], [10, 0, 0]]).covariances_mm2
    above = np.diag([0.01 + 900 * tilt, 0.01 + 900 * tilt, 0.04])
    beside = np.diag([0.01, 0.01 + 100 * turn, 0.04 + 100 * tilt])
    assert np.abs(error - [above, beside]).max() <= 1e-12


def test_one_length_of_error_and_two_shapes_by_hand() -> None:
    """The table of the explanation: corners at 40 mm, 0.12 mm² of error each, 100 mm below."""
    square = 4.0 * np.array([[10, 10, 0], [-10, 10, 0], [-10, -10, 0], [10, -10, 0]])
    round_one, blurred = np.diag([0.04, 0.04, 0.04]), np.diag([0.01, 0.01, 0.10])
    for shape, tilt in ((round_one, 0.04 / (4 * 40**2)), (blurred, 0.10 / (4 * 40**2))):
        fit = fit_fiducials(square, square, np.tile(shape, (4, 1, 1)))
        centre, below = expected_target_error(fit, [[0, 0, 0], [0, 0, 100]]).rms_mm
        assert centre == pytest.approx(np.sqrt(0.12 / 4))
        assert below == pytest.approx(np.sqrt(0.12 / 4 + 2 * 100**2 * tilt))


def test_residuals_count_in_their_own_standard_deviations_by_hand() -> None:
    """Two opposite markers 0.3 mm too far out: no motion helps, so all of it is residual."""
    target = CROSS_MM * [[1.03], [1.03], [1.0], [1.0]]
    fit = fit_fiducials(target, CROSS_MM, same_everywhere(0.1, 4))
    assert np.abs(fit.target_from_source - np.eye(4)).max() <= EXACT_MM
    assert fit.fiducial_chi_squares == pytest.approx([9.0, 9.0, 0.0, 0.0], abs=EXACT_MM)
    assert fit.chi_square == pytest.approx(18.0)
    assert fit.degrees_of_freedom == 6
    assert fit.misfit_probability == pytest.approx(chi2(6).sf(18.0))
    assert fit.fre_not_accuracy_mm == pytest.approx(np.sqrt(2 * 0.09 / 4))


def test_a_point_that_is_hardly_known_hardly_counts() -> None:
    moved = np.eye(4)
    moved[:3, 3] = [1.0, 2.0, 3.0]
    target = PLATE_MM + moved[:3, 3]
    target[0] += [30.0, -20.0, 10.0]
    covariances = same_everywhere(0.1, 5)
    covariances[0] *= 1e10
    found = fit_fiducials(target, PLATE_MM, covariances)
    assert np.abs(found.target_from_source - moved).max() <= 1e-5
    without = fit_fiducials(target[1:], PLATE_MM[1:], covariances[1:])
    rms = expected_target_error(found, TARGETS_MM).rms_mm
    assert rms == pytest.approx(expected_target_error(without, TARGETS_MM).rms_mm, rel=1e-5)


def test_both_sides_errors_add_up_where_they_are_round() -> None:
    both = fit_fiducials(
        PLATE_MM, PLATE_MM, same_everywhere(0.3, 5), same_everywhere(0.4, 5)
    ).motion_covariance
    one = fit_fiducials(PLATE_MM, PLATE_MM, same_everywhere(0.5, 5)).motion_covariance
    assert np.abs(both - one).max() <= 1e-12


# against formulas and solvers that share no code


@given(rigid_transforms(target=LPS, source=PLATE), st.floats(0.05, 1.0), st.integers(0, 2**32 - 1))
def test_where_all_errors_are_equal_it_is_kabsch_and_fitzpatrick(
    moved: RigidTransform, sd_mm: float, seed: int
) -> None:
    covariances = same_everywhere(sd_mm, 5)
    rng = np.random.default_rng(seed)
    target = moved.map_points(PLATE_MM) + noise_mm(rng, covariances)
    fit = fit_fiducials(target, PLATE_MM, covariances)
    assert np.abs(fit.target_from_source - fit_rigid_matrix(target, PLATE_MM)).max() <= EXACT_MM
    expected = [expected_tre_mm(PLATE_MM, point, sd_mm * np.sqrt(3)) for point in TARGETS_MM]
    assert expected_target_error(fit, TARGETS_MM).rms_mm == pytest.approx(expected, rel=1e-9)


@given(rigid_transforms(target=LPS, source=PLATE), st.integers(0, 2**32 - 1))
def test_where_errors_differ_between_points_alone_it_is_the_weighted_solution(
    moved: RigidTransform, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    sd_mm = rng.uniform(0.1, 2.0, size=5)
    covariances = sd_mm[:, None, None] ** 2 * np.eye(3)
    target = moved.map_points(PLATE_MM) + noise_mm(rng, covariances)
    fit = fit_fiducials(target, PLATE_MM, covariances)
    weight = sd_mm**-2
    middles = [np.average(points, axis=0, weights=weight) for points in (target, PLATE_MM)]
    expected, rssd = Rotation.align_vectors(target - middles[0], PLATE_MM - middles[1], weight)
    assert np.abs(fit.target_from_source[:3, :3] - expected.as_matrix()).max() <= EXACT_MM
    assert fit.chi_square == pytest.approx(rssd**2, rel=1e-6)


def brute_force(pairs: Pairs, start: Floats) -> tuple[Floats, float]:
    """Minimise over turn, shift and, where the source is unsure, its true points."""
    count = len(pairs.source)
    from_target = np.linalg.inv(np.linalg.cholesky(pairs.at_target))

    def misfits(numbers: Floats) -> Floats:
        points = pairs.source if pairs.at_source is None else numbers[6:].reshape(-1, 3)
        carried = Rotation.from_rotvec(numbers[:3]).apply(points) + numbers[3:6]
        seen = np.einsum("nij,nj->ni", from_target, pairs.target - carried)
        if pairs.at_source is None:
            return seen.ravel()
        from_source = np.linalg.inv(np.linalg.cholesky(pairs.at_source))
        return np.vstack(
            [seen, np.einsum("nij,nj->ni", from_source, pairs.source - points)]
        ).ravel()

    first = [Rotation.from_matrix(start[:3, :3]).as_rotvec(), start[:3, 3]]
    numbers = np.concatenate([*first, pairs.source.ravel()][: 2 if pairs.at_source is None else 3])
    assert len(numbers) == 6 + (0 if pairs.at_source is None else 3 * count)
    best = least_squares(misfits, numbers, x_scale="jac", xtol=1e-15, ftol=1e-15, gtol=1e-15)
    matrix = np.eye(4)
    matrix[:3, :3] = Rotation.from_rotvec(best.x[:3]).as_matrix()
    matrix[:3, 3] = best.x[3:6]
    return matrix, 2.0 * best.cost


@settings(max_examples=25)
@given(noisy_pairs())
def test_no_other_motion_fits_better(pairs: Pairs) -> None:
    """Against a general minimiser, which knows nothing of rotations or of total least squares."""
    fit = pairs.fit()
    start = fit_rigid_matrix(pairs.target, pairs.source)
    matrix, chi_square = brute_force(pairs, start)
    assert fit.chi_square == pytest.approx(chi_square, rel=1e-7, abs=1e-7)
    points = np.vstack([pairs.source, TARGETS_MM])
    apart = points @ (fit.target_from_source - matrix)[:3, :3].T
    apart += (fit.target_from_source - matrix)[:3, 3]
    assert np.abs(apart).max() <= 1e-4


# against simulation


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """What many fits with drawn noise had: (fits, 6) motions, (fits, targets, 3) errors."""

    true: FiducialFit
    motions: Floats
    errors: Floats
    chi_squares: Floats
    held: Booleans


@lru_cache
def simulated(*, unsure_source: bool) -> Simulated:
    rng = np.random.default_rng(21)
    rotation = Rotation.from_euler("xyz", [20, -35, 50], degrees=True).as_matrix()
    shift = np.array([40.0, -120.0, 300.0])
    at_target = covariances_mm2(rng, len(PLATE_MM))
    at_source = covariances_mm2(rng, len(PLATE_MM)) if unsure_source else None
    true = fit_fiducials(PLATE_MM @ rotation.T + shift, PLATE_MM, at_target, at_source)
    places = TARGETS_MM @ rotation.T + shift
    motions, errors, chi_squares, told = [], [], [], []
    for _ in range(FITS):
        source = PLATE_MM + (0.0 if at_source is None else noise_mm(rng, at_source))
        target = PLATE_MM @ rotation.T + shift + noise_mm(rng, at_target)
        fit = fit_fiducials(target, source, at_target, at_source)
        found = fit.target_from_source
        turn = Rotation.from_matrix(found[:3, :3] @ rotation.T).as_rotvec()
        centre = rotation.T @ (true.centre_mm - shift)
        motions.append(np.r_[found[:3, :3] @ centre + found[:3, 3] - true.centre_mm, turn])
        errors.append(TARGETS_MM @ found[:3, :3].T + found[:3, 3] - places)
        chi_squares.append(fit.chi_square)
        told.append(expected_target_error(fit, TARGETS_MM).covariances_mm2)
    radii = ExpectedTargetError(np.concatenate(told)).radius_of_95_percent_mm
    held = np.linalg.norm(errors, axis=2) <= radii.reshape(FITS, len(TARGETS_MM))
    return Simulated(
        true=true,
        motions=np.array(motions),
        errors=np.array(errors),
        chi_squares=np.array(chi_squares),
        held=held,
    )


def whitened_covariance(errors: Floats, covariance: Floats) -> Floats:
    """Measure how errors spread in the standard deviations that were told; the identity if true."""
    white = np.linalg.solve(np.linalg.cholesky(covariance), errors.T)
    return white @ white.T / errors.shape[0]


SAMPLING = 4.5 / np.sqrt(FITS)
"""Four and a half standard deviations of an entry of a sampled correlation; √2 more on the
diagonal, and the first order's own error of a percent is within it."""


@pytest.mark.parametrize("unsure_source", [False, True])
def test_the_motions_of_many_fits_spread_as_told(unsure_source: bool) -> None:  # noqa: FBT001 - a parameter of the case
    case = simulated(unsure_source=unsure_source)
    spread = whitened_covariance(case.motions, case.true.motion_covariance)
    assert np.abs(spread - np.eye(6)).max() <= np.sqrt(2) * SAMPLING
    # their common chi-square pools all six: 2 standard deviations are 2 %
    assert np.trace(spread) / 6 == pytest.approx(1.0, abs=4 * np.sqrt(2 / (6 * FITS)))


@pytest.mark.parametrize("unsure_source", [False, True])
def test_the_errors_at_targets_spread_as_told(unsure_source: bool) -> None:  # noqa: FBT001 - a parameter of the case
    case = simulated(unsure_source=unsure_source)
    told = expected_target_error(case.true, TARGETS_MM)
    for index, covariance in enumerate(told.covariances_mm2):
        spread = whitened_covariance(case.errors[:, index], covariance)
        assert np.abs(spread - np.eye(3)).max() <= np.sqrt(2) * SAMPLING


@pytest.mark.parametrize("unsure_source", [False, True])
def test_the_radius_of_95_percent_holds_95_percent(unsure_source: bool) -> None:  # noqa: FBT001 - a parameter of the case
    held = simulated(unsure_source=unsure_source).held.sum(axis=0)
    low, high = binom.interval(0.999, FITS, 0.95)
    assert ((low <= held) & (held <= high)).all()


@pytest.mark.parametrize("unsure_source", [False, True])
def test_the_residuals_of_many_fits_follow_the_chi_square_law(unsure_source: bool) -> None:  # noqa: FBT001 - a parameter of the case
    case = simulated(unsure_source=unsure_source)
    law = chi2(case.true.degrees_of_freedom).cdf
    assert kstest(case.chi_squares, law).pvalue > 0.001


@pytest.mark.parametrize("unsure_source", [False, True])
def test_a_small_residual_says_nothing_of_the_error_at_a_target(unsure_source: bool) -> None:  # noqa: FBT001 - a parameter of the case
    """The correlation is below 0.1 (Danilchenko and Fitzpatrick 2011, by simulation too)."""
    case = simulated(unsure_source=unsure_source)
    for index in range(len(TARGETS_MM)):
        lengths_mm = np.linalg.norm(case.errors[:, index], axis=1)
        assert abs(np.corrcoef(np.sqrt(case.chi_squares), lengths_mm)[0, 1]) < 0.1


# what must not matter


@given(noisy_pairs(), rigid_transforms(target=LPS, source=LPS))
def test_the_target_frame_does_not_matter(pairs: Pairs, moved: RigidTransform) -> None:
    here = pairs.fit()
    there = fit_fiducials(
        moved.map_points(pairs.target),
        pairs.source,
        turned(pairs.at_target, moved.rotation),
        pairs.at_source,
    )
    assert np.abs(there.target_from_source - moved.matrix @ here.target_from_source).max() <= 1e-5
    assert there.chi_square == pytest.approx(here.chi_square, rel=1e-6, abs=1e-9)
    seen, expected = (expected_target_error(one, TARGETS_MM) for one in (there, here))
    both = turned(expected.covariances_mm2, moved.rotation)
    assert np.abs(seen.covariances_mm2 - both).max() <= 1e-5 * np.abs(both).max()


@given(noisy_pairs(), rigid_transforms(target=PLATE, source=PLATE))
def test_the_source_frame_does_not_matter(pairs: Pairs, moved: RigidTransform) -> None:
    at_source = None if pairs.at_source is None else turned(pairs.at_source, moved.rotation)
    here = pairs.fit()
    there = fit_fiducials(pairs.target, moved.map_points(pairs.source), pairs.at_target, at_source)
    assert np.abs(there.target_from_source @ moved.matrix - here.target_from_source).max() <= 1e-5
    seen = expected_target_error(there, moved.map_points(TARGETS_MM))
    expected = expected_target_error(here, TARGETS_MM)
    assert seen.rms_mm == pytest.approx(expected.rms_mm, rel=1e-5)
    assert seen.radius_of_95_percent_mm == pytest.approx(expected.radius_of_95_percent_mm, rel=1e-5)


@given(noisy_pairs(), st.randoms(use_true_random=False))
def test_the_order_of_the_points_does_not_matter(pairs: Pairs, random: st.DataObject) -> None:
    order = list(range(len(pairs.source)))
    random.shuffle(order)  # type: ignore[attr-defined]
    at_source = None if pairs.at_source is None else pairs.at_source[order]
    here = pairs.fit()
    there = fit_fiducials(
        pairs.target[order], pairs.source[order], pairs.at_target[order], at_source
    )
    assert np.abs(there.target_from_source - here.target_from_source).max() <= EXACT_MM
    assert np.abs(there.motion_covariance - here.motion_covariance).max() <= 1e-6
    assert there.fiducial_chi_squares == pytest.approx(here.fiducial_chi_squares[order], abs=1e-5)


@given(noisy_pairs())
def test_from_the_other_side_it_is_the_inverse(pairs: Pairs) -> None:
    """Where both sides are unsure neither is the truth, so their roles can be changed."""
    at_source = pairs.at_target if pairs.at_source is None else pairs.at_source
    there = fit_fiducials(pairs.target, pairs.source, pairs.at_target, at_source)
    back = fit_fiducials(pairs.source, pairs.target, at_source, pairs.at_target)
    product = back.target_from_source @ there.target_from_source
    assert np.abs(product - np.eye(4)).max() <= 1e-5
    assert back.chi_square == pytest.approx(there.chi_square, rel=1e-6)


@given(noisy_pairs(), st.floats(0.1, 3.0))
def test_twice_the_standard_deviation_is_twice_the_error(pairs: Pairs, scale: float) -> None:
    at_source = None if pairs.at_source is None else scale**2 * pairs.at_source
    wider = fit_fiducials(pairs.target, pairs.source, scale**2 * pairs.at_target, at_source)
    here = pairs.fit()
    assert np.abs(wider.target_from_source - here.target_from_source).max() <= 1e-5
    told, expected = (expected_target_error(one, TARGETS_MM).rms_mm for one in (wider, here))
    assert told == pytest.approx(scale * expected, rel=1e-5)


# bad pairs


@pytest.mark.hazard(1)
@given(rigid_transforms(target=LPS, source=PLATE), st.sampled_from([0, 1, 2]))
def test_a_mirror_is_never_returned_and_never_likely(moved: RigidTransform, axis: int) -> None:
    mirrored = PLATE_MM * np.where(np.arange(3) == axis, -1.0, 1.0) + [0, 0, 5]
    found = fit_fiducials(moved.map_points(mirrored), PLATE_MM, same_everywhere(0.3, 5))
    check_rigid(found.target_from_source)
    assert found.misfit_probability < 1e-9


@pytest.mark.hazard(19)
@pytest.mark.parametrize("unsure_source", [False, True])
@pytest.mark.parametrize("seed", range(12))
def test_pairs_that_do_not_belong_together_end_in_a_valley_and_are_never_likely(
    seed: int,
    unsure_source: bool,  # noqa: FBT001 - a parameter of the case
) -> None:
    rng = np.random.default_rng(seed)
    source, target = rng.uniform(-60, 60, size=(2, 5, 3))
    at_target = covariances_mm2(rng, 5)
    pairs = Pairs(
        target=target,
        source=source,
        at_target=at_target,
        at_source=covariances_mm2(rng, 5) if unsure_source else None,
    )
    fit = pairs.fit()
    _, chi_square = brute_force(pairs, fit.target_from_source)
    assert fit.chi_square == pytest.approx(chi_square, rel=1e-6)
    assert fit.misfit_probability < 1e-9


# refusals


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_pairs_are_refused(count: int) -> None:
    with pytest.raises(ValueError, match="3 or more pairs"):
        fit_fiducials(PLATE_MM[:count], PLATE_MM[:count], same_everywhere(0.1, count))


def test_points_without_partner_are_refused() -> None:
    with pytest.raises(ValueError, match="got 4, 5"):
        fit_fiducials(PLATE_MM[:4], PLATE_MM, same_everywhere(0.1, 4))


@pytest.mark.parametrize("side", ["target", "source"])
def test_points_on_a_line_are_refused_on_either_side(side: str) -> None:
    line = np.outer(np.arange(5.0), [20.0, 10.0, -5.0])
    target, source = (line, PLATE_MM) if side == "target" else (PLATE_MM, line)
    with pytest.raises(ValueError, match="points on a line"):
        fit_fiducials(target, source, same_everywhere(0.1, 5))


@pytest.mark.parametrize("side", ["target", "source"])
@pytest.mark.parametrize("bad", [np.zeros((3, 3)), -np.eye(3), np.triu(np.ones((3, 3)))])
def test_what_is_no_covariance_is_refused_on_either_side(side: str, bad: Floats) -> None:
    good, wrong = same_everywhere(0.1, 5), same_everywhere(0.1, 5)
    wrong[3] = bad
    at_target, at_source = (wrong, good) if side == "target" else (good, wrong)
    with pytest.raises(ValueError, match=f"{side}_covariances_mm2: expected symmetric positive"):
        fit_fiducials(PLATE_MM, PLATE_MM, at_target, at_source)


@pytest.mark.hazard(22)
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    points, covariances = PLATE_MM.copy(), same_everywhere(0.1, 5)
    points[1, 2] = covariances[2, 1, 1] = value
    good = same_everywhere(0.1, 5)
    with pytest.raises(ValueError, match="target_mm"):
        fit_fiducials(points, PLATE_MM, good)
    with pytest.raises(ValueError, match="source_mm"):
        fit_fiducials(PLATE_MM, points, good)
    with pytest.raises(ValueError, match="target_covariances_mm2"):
        fit_fiducials(PLATE_MM, PLATE_MM, covariances)
    with pytest.raises(ValueError, match="source_covariances_mm2"):
        fit_fiducials(PLATE_MM, PLATE_MM, good, covariances)
    with pytest.raises(ValueError, match="source_mm"):
        expected_target_error(fit_fiducials(PLATE_MM, PLATE_MM, good), points)


@pytest.mark.parametrize(("sd_mm", "refused"), [(1.4, False), (1.5, True)])
def test_a_turn_that_is_not_known_is_refused(sd_mm: float, *, refused: bool) -> None:
    """A tilt of the cross is known to sd / √(2 · 10²): 1.4 mm are 0.099 rad, 1.5 mm 0.106."""
    covariances = same_everywhere(sd_mm, 4)
    if refused:
        with pytest.raises(ValueError, match=r"5\.7 degrees or better, got 6\.1"):
            fit_fiducials(CROSS_MM, CROSS_MM, covariances)
    else:
        turn = fit_fiducials(CROSS_MM, CROSS_MM, covariances).motion_covariance[3, 3]
        assert np.sqrt(turn) == pytest.approx(sd_mm / np.sqrt(200))


def test_what_cannot_settle_is_refused() -> None:
    """Standard deviations below the rounding of the coordinates are no measurement."""
    target = PLATE_MM + 500.0 + noise_mm(np.random.default_rng(1), same_everywhere(0.3, 5))
    with pytest.raises(ValueError, match="settles within 100 steps"):
        fit_fiducials(target, PLATE_MM, same_everywhere(1e-12, 5))


@pytest.mark.hazard(1)
def test_a_pattern_that_fits_as_well_when_turned_is_refused() -> None:
    """A regular tetrahedron and its mirror image: every quarter of it fits equally badly."""
    corners = 20.0 * np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    with pytest.raises(ValueError, match="fit best in one way"):
        fit_fiducials(-corners, corners, same_everywhere(0.3, 4))


def test_a_fit_is_not_made_of_what_is_none() -> None:
    good = fit_fiducials(PLATE_MM, PLATE_MM, same_everywhere(0.1, 5))
    with pytest.raises(ValueError, match="mirror"):
        FiducialFit(
            target_from_source=np.diag([1.0, 1.0, -1.0, 1.0]),
            centre_mm=good.centre_mm,
            motion_covariance=good.motion_covariance,
            residuals_mm=good.residuals_mm,
            fiducial_covariances_mm2=good.fiducial_covariances_mm2,
        )
    with pytest.raises(ValueError, match="covariances_mm2"):
        ExpectedTargetError(np.zeros((1, 3, 3)))
