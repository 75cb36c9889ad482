"""What windows of some actions tell about all: as the whole Gaussian says, and better than nothing."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from emg_recognition.models.class_prior import ClassPrior, learn_prior
from emg_recognition.models.head import AXES, Head, learn_axes, reduced

ACTIONS, SIZE, REPETITIONS, WINDOWS = 4, 5, 3, 30


def session(rng, ways, repetitions=REPETITIONS, scatter=1.0):
    """Return windows of a person who differs from others in two ways, in all actions together."""
    means = 3.0 * np.eye(ACTIONS, SIZE) + np.tensordot(rng.normal(size=2), ways, axes=1)
    action = np.repeat(np.arange(ACTIONS), repetitions * WINDOWS)
    number = np.tile(np.repeat(np.arange(repetitions), WINDOWS), ACTIONS)
    drift = 0.2 * rng.normal(size=(ACTIONS, repetitions, SIZE))
    rows = means[action] + drift[action, number] + scatter * rng.normal(size=(len(action), SIZE))
    return rows, action, number


@pytest.fixture(scope="module")
def ways():
    return 1.5 * np.random.default_rng(1).normal(size=(2, ACTIONS, SIZE))


@pytest.fixture(scope="module")
def prior(ways):
    rng = np.random.default_rng(2)
    return learn_prior((session(rng, ways) for _ in range(40)), ACTIONS)


def test_it_is_the_gaussian_of_all_means_conditioned_on_some(prior, rng):
    seen = [2, 0]
    values = rng.normal(size=(2, SIZE))
    factor = prior.factor.reshape(-1, ACTIONS * SIZE)
    whole = factor.T @ factor + np.diag(prior.spread.ravel())
    places = np.concatenate([np.arange(one * SIZE, (one + 1) * SIZE) for one in seen])
    noise = np.kron(np.eye(2), prior.repetition + prior.within / 10)
    own = whole[np.ix_(places, places)] + noise
    gain = np.linalg.solve(own, whole[places]).T
    away = (values - prior.means[seen]).ravel()
    expected = prior.means + (gain @ away).reshape(ACTIONS, SIZE)
    left = (whole - gain @ whole[places]).reshape(ACTIONS, SIZE, ACTIONS, SIZE)
    given = prior.given(seen)
    np.testing.assert_allclose(given.means(values), expected, atol=1e-8)
    np.testing.assert_allclose(
        given.doubt(), np.mean([left[one, :, one] for one in range(ACTIONS)], axis=0), atol=1e-8
    )
    # Up to the constant that every observation of two actions shares.
    density = multivariate_normal(np.zeros(2 * SIZE), own).logpdf
    found = given.log_evidence(values) - given.log_evidence(prior.means[seen])
    assert found == pytest.approx(density(away) - density(0 * away))


def test_two_actions_tell_about_the_others(prior, ways):
    """A stranger's own means against those of everybody, by the windows of later repetitions."""
    rng = np.random.default_rng(3)
    right = {"everybody": [], "two actions": [], "use": [], "all actions": []}
    for _ in range(30):
        rows, action, number = session(rng, ways)
        first, later = number == 0, number > 0
        mean = np.stack([rows[first & (action == one)].mean(axis=0) for one in range(ACTIONS)])
        heads = {
            "everybody": prior.discriminant(prior.means),
            "two actions": prior.discriminant(prior.given([0, 1]).means(mean[:2])),
            "use": prior.discriminant(prior.means_in_use(rows[first])),
            "all actions": prior.discriminant(prior.given(range(ACTIONS)).means(mean)),
        }
        for name, (weights, bias) in heads.items():
            answers = (rows[later] @ weights + bias).argmax(axis=1)
            right[name].append(np.mean(answers == action[later]))
    everybody, two, use, every = (np.mean(values) for values in right.values())
    assert everybody + 0.1 < two
    assert everybody + 0.1 < use
    assert two < every
    assert every > 0.9


def test_repetitions_that_nobody_made_differ_as_windows_do(rng, ways):
    found = learn_prior([session(rng, ways, repetitions=1) for _ in range(5)], ACTIONS)
    np.testing.assert_array_equal(found.repetition, found.within)


def test_an_action_that_a_session_lacks_is_taken_to_be_average(rng, ways, prior):
    sessions = [session(rng, ways) for _ in range(40)]
    rows, action, number = sessions[0]
    sessions[0] = rows[action > 0], action[action > 0], number[action > 0]
    found = learn_prior(sessions, ACTIONS + 1)
    assert np.isfinite(found.means).all()
    assert not found.means[ACTIONS].any()  # nobody performed it
    np.testing.assert_allclose(found.means[:ACTIONS], prior.means, atol=1.5)


def test_constant_features_do_no_harm(rng, ways):
    rows, action, number = session(rng, ways)
    rows[:, 0] = 1.0
    found = learn_prior([(rows, action, number)] * 2, ACTIONS)
    weights, bias = found.discriminant(found.means_in_use(rows))
    assert np.isfinite(weights).all()
    assert np.isfinite(bias).all()


def test_arrays_of_a_wrong_shape_are_refused(prior):
    arrays = prior.to_arrays("prior_")
    assert isinstance(ClassPrior.from_arrays(arrays, "prior_", (ACTIONS, SIZE)), ClassPrior)
    with pytest.raises(ValueError, match="prior_means is not of shape"):
        ClassPrior.from_arrays(arrays, "prior_", (ACTIONS, SIZE + 1))
    arrays["prior_spread"] = np.full((ACTIONS, SIZE), np.inf)
    with pytest.raises(ValueError, match="prior_spread is not"):
        ClassPrior.from_arrays(arrays, "prior_", (ACTIONS, SIZE))


def test_a_last_layer_is_the_discriminant_of_reduced_features(rng):
    rows = rng.normal(size=(400, 30))
    action, number = np.arange(400) % ACTIONS, np.arange(400) // 200
    rows[:, 4:8] += 4.0 * np.eye(ACTIONS)[action]
    centre, axes = learn_axes(rows[:, 2:])
    assert axes.shape == (28, AXES)
    prior = learn_prior([(reduced(rows, 2, centre, axes), action, number)], ACTIONS)
    trained, trained_bias = 0.1 * rng.normal(size=(28, ACTIONS)), rng.normal(size=ACTIONS)
    head = Head(2, centre, axes, prior, trained, trained_bias)
    weights, bias = head.from_labels(rows, action)
    assert weights.shape == (30, ACTIONS)
    own, own_bias = head.prior.discriminant(
        (given := head.prior.given(range(ACTIONS))).means(
            np.stack([head.reduce(rows)[action == one].mean(axis=0) for one in range(ACTIONS)])
        ),
        given.doubt(),
    )
    expected = head.reduce(rows) @ own + own_bias + rows[:, 2:] @ trained + trained_bias
    np.testing.assert_allclose(rows @ weights + bias, 0.25 * expected, atol=1e-8)
    assert np.mean((rows @ weights + bias).argmax(axis=1) == action) > 0.9
