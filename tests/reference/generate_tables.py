#!/usr/bin/env python3
"""Writes tables/<family>.h5 and tables/special.h5: values of the formulas of models/*.cpp in 50 digits.

Written with Python 3.11.2, mpmath 1.2.1, numpy 1.24.2, h5py 3.7.0 (Debian 12: python3-mpmath, python3-numpy,
python3-h5py) in about 30 s on one core. Fixed seed; the same bytes but for versions of HDF5. Run from the root of the
source:

    /usr/bin/python3 tests/reference/generate_tables.py [FAMILY ..]

A file holds groups, a group holds data sets with a column for each of N points: inputs, doubles taken as exact,

    theta, theta2      parameters of two components            x          a row of data under theta
    h, h2              hyperparameters of two members of the conjugate prior, one after the other for several components

and for each quantity its value, correctly rounded, and beside it <quantity>_scale:

    log_density        log p(x | theta)                        divergence      KL(p(. | theta) || p(. | theta2))
    entropy            of p(. | theta); where it is closed     log_partition   log Z(h)
    prior_divergence   KL(p(theta | h) || p(theta | h2))       expected_theta, log_scale    of Family::expectation(h)

An entropy is not closed where log h is that of factorials. Expected parameters of Gaussians, mu0 and psi0 / nu0,
stand in log_normal.h5.

Values come from textbook closed forms. A scale is what rounding errors of the computation in double precision are
relative to: the sum of the absolute values of the terms that its formula adds, each times what it amplifies the
rounding of its own input by (condition number of a correlation matrix, derivative by a rounded argument). It is rounded
up to 4 bits. Most inputs have 24 bits, so that files stay small and their products are still rounded.
"""

import math
import os
import sys

import h5py
import mpmath
import numpy as np
from mpmath import mp, mpf

mp.dps = 50
SEED = 20240607
SHORT = 24  # bits
HERE = os.path.dirname(os.path.abspath(__file__))
LARGEST, LEAST = 1e300, 1e-300
# 1e-13 of the scale is 450 eps; a condition number amplifies 20 eps.
CONDITION_SHARE = mpf("0.05")
LOG_2PI = mpmath.log(2 * mpmath.pi)
log, log1p, expm1, log_gamma, digamma = mpmath.log, mpmath.log1p, mpmath.expm1, mpmath.loggamma, mpmath.digamma


class Quantity:
    """A sum and the scale of its rounding errors."""

    def __init__(self, *terms):
        self.value = self.scale = mpf(0)
        self.add(*terms)

    def add(self, *terms, factor=1):
        for term in terms:
            self.value += factor * term
            self.scale += abs(factor * term)
        return self

    def noise(self, *sizes):
        self.scale += sum(abs(size) for size in sizes)
        return self

    def set(self, value):
        """The value by another way than the sum, whose terms then are the scale alone."""
        self.value = value
        return self


def without_times(kind):
    """Creation properties of an object that does not say when it was made: the same run makes the same bytes."""
    properties = h5py.h5p.create(kind)
    properties.set_obj_track_times(False)
    return properties


def create(path):
    """A file of the newest, compact form."""
    access = h5py.h5p.create(h5py.h5p.FILE_ACCESS)
    access.set_libver_bounds(h5py.h5f.LIBVER_LATEST, h5py.h5f.LIBVER_LATEST)
    return h5py.File(h5py.h5f.create(path.encode(), h5py.h5f.ACC_TRUNC, fcpl=without_times(h5py.h5p.FILE_CREATE),
                                     fapl=access))


def rounded_up(value):
    """To 4 bits."""
    mantissa, exponent = math.frexp(float(value))
    return math.ldexp(math.ceil(mantissa * 16) / 16, exponent)


class Group:
    """Rows of named quantities."""

    def __init__(self):
        self.columns = {}

    def row(self, **quantities):
        for name, value in quantities.items():
            if isinstance(value, Quantity):
                value = [value]
            if isinstance(value, (list, tuple)) and isinstance(value[0], Quantity):
                self.columns.setdefault(name, []).append([float(one.value) for one in value])
                self.columns.setdefault(name + "_scale", []).append([rounded_up(one.scale) for one in value])
            else:
                self.columns.setdefault(name, []).append(np.ravel(value).astype(float))

    def write(self, file, name):
        group = h5py.Group(h5py.h5g.create(file.id, name.encode(), gcpl=without_times(h5py.h5p.GROUP_CREATE)))
        for key, rows in self.columns.items():
            array = np.array(rows).T
            assert np.isfinite(array).all(), (name, key)
            group.create_dataset(key, data=array, compression="gzip", compression_opts=9, shuffle=True,
                                 chunks=array.shape)


# --- random inputs ---------------------------------------------------------------------------------------------------
class Inputs:
    def __init__(self, name):
        self.random = np.random.default_rng([SEED] + [ord(c) for c in name])

    def uniform(self, low=0.0, high=1.0):
        return float(self.random.uniform(low, high))

    def log_uniform(self, low, high):
        return float(10.0 ** self.uniform(math.log10(low), math.log10(high)))

    def sign(self):
        return float(self.random.choice([-1.0, 1.0]))

    def chance(self, share):
        return self.uniform() < share

    def near(self, value):
        """Half of the time a neighbour of the value."""
        return value * (1 + self.sign() * self.log_uniform(1e-12, 0.5))

    def probability(self):
        """Also near 0 and 1."""
        kind = self.random.integers(4)
        if kind == 0:
            return self.log_uniform(LEAST, 0.5)
        if kind == 1:
            return min(1 - self.log_uniform(1e-16, 0.5), 1 - 2.0**-53)
        if kind == 2:
            return self.log_uniform(1e-8, 0.5)
        return self.uniform(1e-3, 1 - 1e-3)

    def probability_near(self, p):
        if self.chance(0.5):
            return self.probability()
        q = self.near(p) if p < 0.5 else 1 - self.near(1 - p)
        return min(max(q, LEAST), 1 - 2.0**-53)

    def count(self):
        """A shape of a gamma, beta or Dirichlet distribution."""
        return self.log_uniform(1e-3, 1e8) if self.chance(0.8) else float(self.random.integers(1, 50)) / 2

    def count_near(self, a):
        return self.near(a) if self.chance(0.5) else self.count()

    def probabilities(self, size):
        weights = np.array([self.log_uniform(1e-300, 1) if self.chance(0.1) else self.log_uniform(1e-8, 1)
                            for _ in range(size)])
        return weights / weights.sum()

    def covariance(self, d, bits=SHORT):
        """Condition number of the correlation up to about 1e6."""
        rotation, _ = np.linalg.qr(self.random.normal(size=(d, d)))
        spread = 10.0 ** np.linspace(0, -self.uniform(0, 6), d) if d > 1 else np.ones(1)
        scales = 10.0 ** self.random.uniform(-3, 3, size=d)
        C = (rotation * spread) @ rotation.T * np.outer(scales, scales)
        C = to_bits((C + C.T) / 2, bits)
        np.linalg.cholesky(C)
        return C

    def covariance_near(self, C):
        if self.chance(0.5):
            return self.covariance(len(C))
        d = len(C)
        shifts = 1 + self.log_uniform(1e-6, 1e-1) * self.random.uniform(size=d)
        return to_bits(C * np.outer(shifts, shifts), SHORT)


def to_bits(values, bits):
    mantissa, exponent = np.frexp(values)
    return np.ldexp(np.round(mantissa * 2.0**bits) / 2.0**bits, exponent)


def short(values):
    return [float(value) for value in to_bits(np.array(values), SHORT)]


def clip(value):
    return min(max(value, LEAST), LARGEST)


def exact(values):
    return [mpf(float(value)) for value in np.ravel(values)]


# --- conjugate priors ------------------------------------------------------------------------------------------------
def digamma_minus_log(a):
    return digamma(a) - log(a)


def stirling_remainder(a):
    return log_gamma(a) - ((a - mpf(1) / 2) * log(a) - a + LOG_2PI / 2)


def gamma_log_partition(a, b):
    return Quantity(log_gamma(a), -a * log(b))


def gamma_divergence(a, b, a2, b2):
    """Of Gamma(a, b) from Gamma(a2, b2) on a rate."""
    value = ((a - a2) * digamma(a) - log_gamma(a) + log_gamma(a2) + a2 * (log(b) - log(b2)) + a * (b2 - b) / b)
    return Quantity((a - 1) * digamma(a), (a - 1) * log(b), (a2 - 1) * digamma(a), (a2 - 1) * log(b), a, b2 * a / b,
                    log_gamma(a), a * log(b), log_gamma(a2), a2 * log(b2)).set(value)


def gamma_hyperparameters(inputs):
    a = inputs.count()
    b = inputs.log_uniform(1e-280, 1e280) if inputs.chance(0.2) else inputs.log_uniform(1e-8, 1e8)
    a2 = inputs.count_near(a)
    b2 = inputs.near(b) if inputs.chance(0.5) else clip(b * inputs.log_uniform(1e-12, 1e12))
    return short([a, b]), short([a2, b2])


def beta_log_partition(a, b):
    value = log_gamma(a) + log_gamma(b) - log_gamma(a + b)
    return Quantity(value).noise(1)


def beta_divergence(a, b, a2, b2):
    both = digamma_minus_log(a + b)
    means = [Quantity(digamma_minus_log(one), -both, log(one / (a + b))) for one in (a, b)]
    here, there = beta_log_partition(a, b), beta_log_partition(a2, b2)
    value = (a - a2) * means[0].value + (b - b2) * means[1].value - here.value + there.value
    return Quantity().noise((abs(a - 1) + abs(a2 - 1)) * means[0].scale, (abs(b - 1) + abs(b2 - 1)) * means[1].scale,
                            here.scale, there.scale).set(value)


def beta_hyperparameters(inputs):
    a, b = inputs.count(), inputs.count()
    return short([a, b]), short([inputs.count_near(a), inputs.count_near(b)])


def dirichlet_log_partition(a):
    return Quantity(*[log_gamma(one) for one in a], -log_gamma(sum(a)))


def dirichlet_divergence(a, a2):
    total = sum(a)
    # The share a_v / sum is rounded before its logarithm is taken: one unit.
    means = [Quantity(digamma_minus_log(one), -digamma_minus_log(total), log(one / total)).noise(1) for one in a]
    here, there = dirichlet_log_partition(a), dirichlet_log_partition(a2)
    value = sum((one - two) * mean.value for one, two, mean in zip(a, a2, means)) - here.value + there.value
    terms = [(abs(one - 1) + abs(two - 1)) * mean.scale for one, two, mean in zip(a, a2, means)]
    return Quantity().noise(here.scale, there.scale, *terms).set(value)


def dirichlet_expectation(a, trials=1):
    """exp E[log p_v] = p*_v exp(s)."""
    total = digamma(sum(a))
    means = [digamma(one) - total for one in a]
    s = log(sum(mpmath.exp(mean) for mean in means))
    shares = [one / sum(a) * abs(digamma_minus_log(one)) for one in a]
    # p* below the least normal number is that number.
    theta = []
    for one, mean in zip(a, means):
        p = mpmath.exp(mean - s)
        theta.append(Quantity(p).noise(p * digamma_minus_log(one), p * digamma_minus_log(sum(a)), p * s))
    log_scale = Quantity(trials * s)
    if abs(s) < 0.1:
        log_scale.noise(*[trials * share for share in shares])
    return theta, log_scale


def wishart_parts(nu, d):
    """log Gamma_d(nu / 2) and its derivative by nu / 2."""
    return ([mpf(d) * (d - 1) / 4 * log(mpmath.pi)] + [log_gamma((nu - i) / 2) for i in range(d)],
            [digamma((nu - i) / 2) for i in range(d)])


class Spd:
    """A symmetric positive definite matrix, exactly as its doubles say."""

    def __init__(self, C):
        d = len(C)
        self.d = d
        self.C = mpmath.matrix([[mpf(float(C[i][j])) for j in range(d)] for i in range(d)])
        self.inverse = self.C**-1
        self.log_det = log(mpmath.det(self.C))
        deviations = np.sqrt(np.diag(C))
        self.condition = mpf(float(np.linalg.cond(C / np.outer(deviations, deviations)))) if d > 1 else mpf(0)
        self.log_det_scale = sum(abs(log(self.C[i, i])) for i in range(d)) + abs(self.log_det)
        self.log_det_noise = CONDITION_SHARE * self.condition * d

    def trace_with(self, other):
        """tr(C^-1 other), and the sum of its absolute terms with what the condition number does to them."""
        pairs = [self.inverse[i, j] * other[i, j] for i in range(self.d) for j in range(self.d)]
        total = sum(abs(pair) for pair in pairs)
        return sum(pairs), total * (1 + CONDITION_SHARE * self.condition)

    def quadratic(self, v):
        outer = mpmath.matrix([[v[i] * v[j] for j in range(self.d)] for i in range(self.d)])
        return self.trace_with(outer)


def niw_shared(nu, psi):
    """log Z of the inverse Wishart."""
    d = psi.d
    parts, _ = wishart_parts(nu, d)
    return Quantity(nu * d / 2 * log(2), *parts, -nu / 2 * psi.log_det).noise(
        nu / 2 * psi.log_det_scale, nu / 2 * psi.log_det_noise)


def niw_log_partition(kappa, nu, psi):
    result = niw_shared(nu, psi)
    return result.add(psi.d * LOG_2PI / 2, -psi.d * log(kappa) / 2)


def niw_divergence(means, kappas, nu, psi, means2, kappas2, nu2, psi2):
    """Of one inverse Wishart and a conditional normal for each mean."""
    d = psi.d
    _, psis = wishart_parts(nu, d)
    expected_log_det = psi.log_det - d * log(2) - sum(psis)
    log_det_scale = psi.log_det_scale + psi.log_det_noise + d * log(nu) + d + sum(abs(one) for one in psis)
    trace, trace_scale = psi.trace_with(psi2.C)
    _, own_scale = psi.trace_with(psi.C)
    here, there = niw_shared(nu, psi), niw_shared(nu2, psi2)
    value = (-(nu - nu2) / 2 * expected_log_det - nu * (d - trace) / 2 - here.value + there.value)
    K = len(kappas)
    result = Quantity().noise((nu + d + 1 + K) / 2 * log_det_scale, (nu2 + d + 1 + K) / 2 * log_det_scale,
                              nu * trace_scale / 2, nu * own_scale / 2, here.scale, there.scale)
    for mean, mean2, kappa, kappa2 in zip(means, means2, kappas, kappas2):
        delta = [one - two for one, two in zip(mean, mean2)]
        distance, distance_scale = psi.quadratic(delta)
        value += d * (kappa2 / kappa - 1 + log(kappa / kappa2)) / 2 + kappa2 * nu * distance / 2
        result.noise(d, d * kappa2 / kappa, d * LOG_2PI, d * log(kappa), d * log(kappa2),
                     kappa2 * nu * distance_scale)
    return result.set(value)


def niw_expectation(kappas_one, nu, d):
    """log_scale of one component."""
    value = sum(digamma((nu - i) / 2) - log(nu / 2) for i in range(d)) / 2 - d / (2 * kappas_one)
    return Quantity(d / (2 * kappas_one)).noise(
        *[digamma_minus_log((nu - i) / 2) / 2 for i in range(d)],
        *[(log((nu - i) / 2) - log(nu / 2)) / 2 for i in range(d)]).set(value)


def nig_log_partition(kappa, nu, psi, d):
    return Quantity(log_gamma(nu / 2), -nu / 2 * log(psi / 2), d * LOG_2PI / 2, -d * log(kappa) / 2)


def nig_divergence(mean, kappa, nu, psi, mean2, kappa2, nu2, psi2):
    d = len(mean)
    distance = sum((one - two) ** 2 for one, two in zip(mean, mean2))
    expected_log = log(psi / 2) - digamma(nu / 2)
    here, there = nig_log_partition(kappa, nu, psi, d), nig_log_partition(kappa2, nu2, psi2, d)
    value = ((nu2 - nu) / 2 * expected_log - nu / 2 + nu * psi2 / (2 * psi) - log_gamma(nu / 2) + nu / 2 * log(psi / 2)
             + log_gamma(nu2 / 2) - nu2 / 2 * log(psi2 / 2) + d * (kappa2 / kappa - 1 + log(kappa / kappa2)) / 2
             + kappa2 * nu * distance / (2 * psi))
    log_scale = abs(log(psi)) + abs(log(nu)) + abs(digamma(nu / 2)) + 1
    return Quantity().noise((nu + d + 2) / 2 * log_scale, (nu2 + d + 2) / 2 * log_scale, nu / 2, nu * psi2 / (2 * psi),
                            here.scale, there.scale, d, d * kappa2 / kappa, kappa2 * nu * distance / psi).set(value)


def normal_hyperparameters(inputs, d):
    """kappa0, nu0 of two members; nu0 > d - 1, often barely."""
    def nu():
        excess = inputs.log_uniform(1e-8, 1) if inputs.chance(0.25) else inputs.log_uniform(0.1, 1e8)
        return max(d - 1 + excess, d - 1 + 2.0**-27)

    kappa, nu1 = inputs.log_uniform(1e-6, 1e8), nu()
    kappa2 = inputs.near(kappa) if inputs.chance(0.5) else inputs.log_uniform(1e-6, 1e8)
    nu2 = d - 1 + max(inputs.near(nu1 - (d - 1)), 2.0**-27) if inputs.chance(0.5) else nu()
    return short([kappa, nu1, kappa2, nu2])


# --- families --------------------------------------------------------------------------------------------------------
def exponential(file):
    inputs, group = Inputs("exponential"), Group()
    for _ in range(2000):
        rate = inputs.log_uniform(LEAST, LARGEST)
        rate2 = inputs.near(rate) if inputs.chance(0.5) else clip(rate * inputs.log_uniform(1e-12, 1e12))
        x = clip(inputs.log_uniform(1e-6, 50) / rate)
        h, h2 = gamma_hyperparameters(inputs)
        (r, r2, y), (a, b), (a2, b2) = exact([rate, rate2, x]), exact(h), exact(h2)
        group.row(theta=rate, theta2=rate2, x=x, h=h, h2=h2,
                  log_density=Quantity(log(r), -r * y),
                  divergence=Quantity(log(r), -log(r2), r2 / r, -1),
                  entropy=Quantity(1, -log(r)),
                  log_partition=gamma_log_partition(a, b), prior_divergence=gamma_divergence(a, b, a2, b2),
                  expected_theta=Quantity(a / b), log_scale=Quantity(digamma_minus_log(a)))
    group.write(file, "exponential")


def poisson(file):
    inputs, group = Inputs("poisson"), Group()
    for _ in range(2000):
        rate = inputs.log_uniform(LEAST, 1) if inputs.chance(0.3) else inputs.log_uniform(1e-2, 1e12)
        rate2 = inputs.near(rate) if inputs.chance(0.5) else max(rate * inputs.log_uniform(1e-6, 1e6), LEAST)
        x = float(round(rate + inputs.uniform(-5, 5) * math.sqrt(rate))) if inputs.chance(0.7) else float(
            inputs.random.integers(0, 20))
        x = max(x, 0.0)
        h, h2 = gamma_hyperparameters(inputs)
        (r, r2, y), (a, b), (a2, b2) = exact([rate, rate2, x]), exact(h), exact(h2)
        excess, mean = digamma_minus_log(a), mpmath.exp(digamma(a)) / b
        group.row(theta=rate, theta2=rate2, x=x, h=h, h2=h2,
                  log_density=Quantity(-r, y * log(r), -log_gamma(y + 1)),
                  divergence=Quantity(r * log(r), -r * log(r2), -r, r2),
                  log_partition=gamma_log_partition(a, b), prior_divergence=gamma_divergence(a, b, a2, b2),
                  expected_theta=Quantity(mean).noise(mean * excess),
                  log_scale=Quantity(a / b * expm1(excess)))
    group.write(file, "poisson")


def trials_rows(group, inputs, trials, rows, name):
    """Bernoulli and binomial distributions."""
    n = mpf(trials)
    for _ in range(rows):
        p = inputs.probability()
        q = inputs.probability_near(p)
        if trials > 1:  # near 1 no bits can be spared
            p, q = [short([one])[0] if one < 0.9 else one for one in (p, q)]
        x = float(inputs.random.binomial(trials, p if inputs.chance(0.6) else inputs.uniform()))
        h, h2 = beta_hyperparameters(inputs)
        (P, Q, X), (a, b), (a2, b2) = exact([p, q, x]), exact(h), exact(h2)
        s, f = n * P, n * (1 - P)
        log_choose = log_gamma(n + 1) - log_gamma(X + 1) - log_gamma(n - X + 1)
        density = Quantity(X * log(P), (n - X) * log1p(-P), log_choose)
        if log_choose != 0:
            density.noise(log(n))
        mean = [digamma(a) - digamma(a + b), digamma(b) - digamma(a + b)]
        odds = 1 / (1 + mpmath.exp(digamma(b) - digamma(a)))
        lack = log(mpmath.exp(digamma(a)) + mpmath.exp(digamma(b)))
        quantities = dict(
            log_density=density,
            divergence=Quantity(s * log(P), -s * log(Q), f * log1p(-P), -f * log1p(-Q)),
            log_partition=beta_log_partition(a, b), prior_divergence=beta_divergence(a, b, a2, b2),
            expected_theta=Quantity(odds).noise(odds * digamma_minus_log(a), odds * digamma_minus_log(b)),
            log_scale=Quantity(n * (lack - log(a + b)), -n * digamma_minus_log(a + b)))
        if trials == 1:
            quantities["entropy"] = Quantity(-s * log(P), -f * log1p(-P))
        group.row(theta=p, theta2=q, x=x, h=h, h2=h2, **quantities)


def bernoulli(file):
    group = Group()
    trials_rows(group, Inputs("bernoulli"), 1, 2000, "bernoulli")
    group.write(file, "bernoulli")


def binomial(file):
    for trials, rows in [(7, 700), (1000, 650), (1000000, 650)]:
        group = Group()
        trials_rows(group, Inputs("binomial%d" % trials), trials, rows, "binomial")
        group.write(file, "trials=%d" % trials)


def geometric(file):
    inputs, group = Inputs("geometric"), Group()
    for _ in range(2000):
        p = inputs.probability()
        q = inputs.probability_near(p)
        x = float(math.floor(min(inputs.log_uniform(1e-2, 50) / p, 1e15))) if inputs.chance(0.8) else 0.0
        if inputs.chance(0.1):
            x = float(inputs.random.integers(0, 1000))
        h, h2 = beta_hyperparameters(inputs)
        (P, Q, X), (a, b), (a2, b2) = exact([p, q, x]), exact(h), exact(h2)
        failures = (1 - P) / P
        difference = digamma(b) - digamma(a + b)
        expected = -expm1(difference)
        amplified = b / a * abs(digamma_minus_log(b)) * (a / (a + b)) / expected
        group.row(theta=p, theta2=q, x=x, h=h, h2=h2,
                  log_density=Quantity(log(P), X * log1p(-P)),
                  divergence=Quantity(log(P), -log(Q), failures * log1p(-P), -failures * log1p(-Q)),
                  entropy=Quantity(-log(P), -failures * log1p(-P)),
                  log_partition=beta_log_partition(a, b), prior_divergence=beta_divergence(a, b, a2, b2),
                  expected_theta=Quantity(expected).noise(expected * amplified),
                  log_scale=Quantity(digamma_minus_log(a), -digamma_minus_log(a + b)).noise(amplified).set(
                      digamma(a) - digamma(a + b) - log(expected)))
    group.write(file, "geometric")


def gamma(file):
    inputs, group = Inputs("gamma"), Group()
    for _ in range(2000):
        shape, rate = inputs.count(), inputs.log_uniform(1e-100, 1e100)
        shape2 = inputs.count_near(shape)
        rate2 = inputs.near(rate * (shape2 / shape)) if inputs.chance(0.7) else rate * inputs.log_uniform(1e-6, 1e6)
        spread = 4 * inputs.uniform(-1, 1) / math.sqrt(shape)
        x = clip(shape / rate * (math.exp(spread) if shape > 1 else inputs.log_uniform(1e-100, 30 / shape)))
        (a, b, a2, b2, X) = exact([shape, rate, shape2, rate2, x])
        excess = digamma_minus_log(a)
        # About the logarithm of the mean a / b.
        y = log(X * b / a)
        density = Quantity((log(a) - LOG_2PI) / 2, -stirling_remainder(a), -a * (expm1(y) - y), -log(X)).noise(
            a * expm1(y), log(a))
        textbook = a * log(b) - log_gamma(a) + (a - 1) * log(X) - b * X
        r = b2 * a / b / a2  # rate of the second over its shape, in units of the first's mean
        divergence = Quantity((log(a) - LOG_2PI) / 2, -stirling_remainder(a), -a2 * (log(r) - (r - 1)),
                              -(log(a2) - LOG_2PI) / 2, stirling_remainder(a2)).noise(
            a2 * (1 - r), a * excess, a2 * excess, a2 * r * excess, log(a), log(a2), 1).set(
                (a - a2) * digamma(a) - log_gamma(a) + log_gamma(a2) + a2 * (log(b) - log(b2)) + a * (b2 - b) / b)
        entropy = Quantity(-(log(a) - LOG_2PI) / 2, stirling_remainder(a), a * excess, excess, log(a / b)).noise(
            log(a)).set(a - log(b) + log_gamma(a) + (1 - a) * digamma(a))
        group.row(theta=[shape, rate], theta2=[shape2, rate2], x=x, log_density=density.set(textbook),
                  divergence=divergence, entropy=entropy)
    group.write(file, "gamma")


def normal_density(y, mean, variance, rounding=0):
    """log N(y | mean, variance); y itself has been rounded by `rounding` units."""
    z2 = (y - mean) ** 2 / variance
    return Quantity(-LOG_2PI / 2, -log(variance) / 2, -z2 / 2).noise(rounding * abs(y - mean) / variance)


def univariate_rows(group, inputs, rows, draw_theta, draw_x, transform):
    for _ in range(rows):
        mean, variance = draw_theta()
        mean2 = inputs.near(mean) if inputs.chance(0.5) else mean + 10 * inputs.uniform(-1, 1) * math.sqrt(variance)
        variance2 = inputs.near(variance) if inputs.chance(0.5) else variance * inputs.log_uniform(1e-4, 1e4)
        mean, variance, mean2, variance2 = short([mean, variance, mean2, variance2])
        x, = short([draw_x(mean, variance)])
        kappa, nu, kappa2, nu2 = normal_hyperparameters(inputs, 1)
        psi = nu * inputs.log_uniform(1e-6, 1e6)
        mu = inputs.sign() * inputs.log_uniform(1e-3, 1e3)
        mu2 = inputs.near(mu) if inputs.chance(0.5) else inputs.sign() * inputs.log_uniform(1e-3, 1e3)
        psi2 = inputs.near(psi) if inputs.chance(0.5) else nu2 * inputs.log_uniform(1e-6, 1e6)
        h, h2 = short([mu, kappa, nu, psi]), short([mu2, kappa2, nu2, psi2])
        (m, v, m2, v2, X), H, H2 = exact([mean, variance, mean2, variance2, x]), exact(h), exact(h2)
        density, entropy = transform(X, m, v)
        group.row(theta=[mean, variance], theta2=[mean2, variance2], x=x, h=h, h2=h2, log_density=density,
                  divergence=Quantity(log(v2) / 2, -log(v) / 2, v / (2 * v2), -mpf(1) / 2, (m - m2) ** 2 / (2 * v2)),
                  entropy=entropy, log_partition=nig_log_partition(*H[1:], 1),
                  prior_divergence=nig_divergence([H[0]], *H[1:], [H2[0]], *H2[1:]),
                  expected_theta=[Quantity(H[0]), Quantity(H[3] / H[2])],
                  log_scale=Quantity(digamma_minus_log(H[2] / 2) / 2, -1 / (2 * H[1])))


def log_normal(file):
    inputs, group = Inputs("log_normal"), Group()

    def draw_theta():
        return inputs.sign() * inputs.log_uniform(1e-3, 300), inputs.log_uniform(1e-6, 1e2)

    def draw_x(mean, variance):
        return clip(math.exp(mean + 4 * inputs.uniform(-1, 1) * math.sqrt(variance)))

    def transform(X, m, v):
        density = normal_density(log(X), m, v, rounding=abs(log(X))).add(-log(X))
        return density, Quantity((LOG_2PI + 1) / 2, log(v) / 2, m)

    univariate_rows(group, inputs, 2000, draw_theta, draw_x, transform)
    group.write(file, "log_normal")


def full_rows(group, inputs, rows, d, tied=False):
    """`tied`: two components of one covariance, their means under h and h2."""
    K = 2 if tied else 1
    for _ in range(rows):
        size = 10.0 ** inputs.uniform(-3, 6)
        C = inputs.covariance(d)
        C2 = C if tied else inputs.covariance_near(C)
        root = np.linalg.cholesky(C)
        mean = to_bits(size * inputs.random.normal(size=d), SHORT)
        mean2 = to_bits(mean + root @ inputs.random.normal(size=d) * inputs.log_uniform(1e-4, 10), SHORT)
        x = to_bits(mean + root @ inputs.random.normal(size=d) * inputs.log_uniform(1e-2, 10), SHORT)
        kappa, nu, kappa2, nu2 = normal_hyperparameters(inputs, d)
        scale = inputs.covariance(d)
        psi, psi2 = to_bits(nu * scale, SHORT), to_bits(nu2 * inputs.covariance_near(scale), SHORT)
        wide = np.linalg.cholesky(scale) / math.sqrt(kappa2)
        kappa, nu, kappa2, nu2 = to_bits(np.array([kappa, nu, kappa2, nu2]), SHORT)
        nu, nu2 = max(nu, d - 1 + 2.0**-27), max(nu2, d - 1 + 2.0**-27)
        means2 = [to_bits(inputs.random.normal(size=d), SHORT)] * K
        means = [to_bits(means2[0] + wide @ inputs.random.normal(size=d) * inputs.log_uniform(1e-3, 10), SHORT)
                 for _ in range(K)]
        kappas = [kappa, to_bits(np.array(inputs.log_uniform(1e-6, 1e8)), SHORT)][:K]

        A, A2, P, P2 = Spd(C), Spd(C2), Spd(psi), Spd(psi2)
        m, m2, X = exact(mean), exact(mean2), exact(x)
        N, N2, k2 = mpf(float(nu)), mpf(float(nu2)), mpf(float(kappa2))
        ks = exact(kappas)
        distance, distance_scale = A.quadratic([one - two for one, two in zip(X, m)])
        density = Quantity(-d * LOG_2PI / 2).noise(A.log_det_scale, A.log_det_noise, distance_scale).set(
            -(d * LOG_2PI + A.log_det + distance) / 2)
        trace, trace_scale = A2.trace_with(A.C)
        _, own_scale = A.trace_with(A.C)
        shift, shift_scale = A2.quadratic([one - two for one, two in zip(m2, m)])
        divergence = Quantity().noise(A.log_det_scale, A.log_det_noise, A2.log_det_scale, A2.log_det_noise, trace_scale,
                                      own_scale, shift_scale).set((A2.log_det - A.log_det + trace - d + shift) / 2)
        entropy = Quantity(d * LOG_2PI / 2).noise(A.log_det_scale, A.log_det_noise, own_scale).set(
            (d * (LOG_2PI + 1) + A.log_det) / 2)
        partition = niw_log_partition(ks[0], N, P)
        for k in ks[1:]:
            partition.add(d * LOG_2PI / 2, -d * log(k) / 2).noise(2 * niw_shared(N, P).scale)
        rows_of_h = [np.concatenate([mu, [k, nu], psi.ravel()]) for mu, k in zip(means, kappas)]
        group.row(theta=np.concatenate([mean, C.ravel()]), theta2=np.concatenate([mean2, C2.ravel()]), x=x,
                  h=np.concatenate(rows_of_h), h2=np.concatenate([means2[0], [kappa2, nu2], psi2.ravel()]),
                  log_density=density, divergence=divergence, entropy=entropy, log_partition=partition,
                  prior_divergence=niw_divergence([exact(mu) for mu in means], ks, N, P,
                                                  [exact(mu) for mu in means2], [k2] * K, N2, P2),
                  log_scale=[niw_expectation(k, N, d) for k in ks])


def gaussian(file):
    for d in (1, 2):
        group = Group()
        full_rows(group, Inputs("gaussian%d" % d), 700, d)
        group.write(file, "D=%d" % d)


def gaussian_3(file):
    group = Group()
    full_rows(group, Inputs("gaussian3"), 700, 3)
    group.write(file, "D=3")


def gaussian_tied(file):
    for d, rows in [(1, 1300), (2, 700)]:
        group = Group()
        full_rows(group, Inputs("gaussian_tied%d" % d), rows, d, tied=True)
        group.write(file, "D=%d" % d)


def gaussian_diagonal(file):
    """Sums over d columns."""
    for d, rows in [(1, 1200), (2, 800)]:
        group = Group()
        diagonal_rows(group, Inputs("gaussian_diagonal%d" % d), rows, d)
        group.write(file, "D=%d" % d)


def diagonal_rows(group, inputs, rows, d):
    for _ in range(rows):
        parts = {key: [] for key in ("theta", "theta2", "x", "h", "h2")}
        sums = [Quantity() for _ in range(6)]
        for _ in range(d):
            mean, variance = inputs.sign() * inputs.log_uniform(1e-3, 1e6), inputs.log_uniform(1e-100, 1e100)
            if inputs.chance(0.5):
                variance = inputs.log_uniform(1e-6, 1e6)
            mean2 = inputs.near(mean) if inputs.chance(0.5) else mean + 9 * inputs.uniform(-1, 1) * math.sqrt(variance)
            variance2 = inputs.near(variance) if inputs.chance(0.5) else variance * inputs.log_uniform(1e-4, 1e4)
            x = mean + math.sqrt(variance) * inputs.uniform(-9, 9)
            kappa, nu, kappa2, nu2 = normal_hyperparameters(inputs, 1)
            psi = nu * (inputs.log_uniform(1e-6, 1e6) if inputs.chance(0.5) else inputs.log_uniform(1e-100, 1e100))
            mu = inputs.sign() * inputs.log_uniform(1e-3, 1e3)
            mu2 = inputs.near(mu) if inputs.chance(0.5) else mu + inputs.uniform(-9, 9) * math.sqrt(psi / nu)
            psi2 = inputs.near(psi) if inputs.chance(0.5) else psi * inputs.log_uniform(1e-6, 1e6)
            theta, theta2, x = short([mean, variance]), short([mean2, variance2]), short([x])
            h, h2 = short([mu, kappa, nu, psi]), short([mu2, kappa2, nu2, psi2])
            for key, value in [("theta", theta), ("theta2", theta2), ("x", x), ("h", h), ("h2", h2)]:
                parts[key].append(value)
            (m, v, m2, v2, X), H, H2 = exact(theta + theta2 + x), exact(h), exact(h2)
            ones = [normal_density(X, m, v),
                    Quantity(log(v2) / 2, -log(v) / 2, v / (2 * v2), -mpf(1) / 2, (m - m2) ** 2 / (2 * v2)),
                    Quantity((LOG_2PI + 1) / 2, log(v) / 2),
                    nig_log_partition(*H[1:], 1), nig_divergence([H[0]], *H[1:], [H2[0]], *H2[1:]),
                    Quantity(digamma_minus_log(H[2] / 2) / 2, -1 / (2 * H[1]))]
            for total, one in zip(sums, ones):
                total.value += one.value
                total.scale += one.scale
        # Field by field, then column by column.
        flat = {key: np.array(value).T.ravel() for key, value in parts.items()}
        group.row(**flat, log_density=sums[0], divergence=sums[1], entropy=sums[2], log_partition=sums[3],
                  prior_divergence=sums[4], log_scale=sums[5])


def gaussian_spherical(file):
    for d, rows in [(1, 1000), (2, 500), (3, 500)]:
        inputs, group = Inputs("gaussian_spherical%d" % d), Group()
        for _ in range(rows):
            size = inputs.log_uniform(1e-3, 1e6)
            mean = size * inputs.random.normal(size=d)
            variance = inputs.log_uniform(1e-100, 1e100) if inputs.chance(0.3) else inputs.log_uniform(1e-6, 1e6)
            deviation = math.sqrt(variance)
            mean2 = mean + deviation * inputs.log_uniform(1e-6, 10) * inputs.random.normal(size=d)
            variance2 = inputs.near(variance) if inputs.chance(0.5) else variance * inputs.log_uniform(1e-4, 1e4)
            x = mean + deviation * inputs.log_uniform(1e-3, 5) * inputs.random.normal(size=d)
            kappa, nu, kappa2, nu2 = normal_hyperparameters(inputs, 1)
            psi = nu * (inputs.log_uniform(1e-6, 1e6) if inputs.chance(0.5) else inputs.log_uniform(1e-100, 1e100))
            psi2 = inputs.near(psi) if inputs.chance(0.5) else psi * inputs.log_uniform(1e-6, 1e6)
            mu = inputs.log_uniform(1e-3, 1e3) * inputs.random.normal(size=d)
            mu2 = mu + math.sqrt(psi / nu) * inputs.log_uniform(1e-6, 10) * inputs.random.normal(size=d)
            h, h2 = short([*mu, kappa, nu, psi]), short([*mu2, kappa2, nu2, psi2])
            mean, mean2, x, (variance, variance2) = short(mean), short(mean2), short(x), short([variance, variance2])
            m, m2, X, (v, v2) = exact(mean), exact(mean2), exact(x), exact([variance, variance2])
            H, H2 = exact(h), exact(h2)
            z2 = sum((one - two) ** 2 for one, two in zip(X, m)) / v
            shift = sum((one - two) ** 2 for one, two in zip(m, m2)) / v2
            group.row(theta=[*mean, variance], theta2=[*mean2, variance2], x=x, h=h, h2=h2,
                      log_density=Quantity(-d * LOG_2PI / 2, -d * log(v) / 2, -z2 / 2),
                      divergence=Quantity(d * log(v2) / 2, -d * log(v) / 2, d * v / (2 * v2), -mpf(d) / 2, shift / 2),
                      entropy=Quantity(d * (LOG_2PI + 1) / 2, d * log(v) / 2),
                      log_partition=nig_log_partition(*H[d:], d),
                      prior_divergence=nig_divergence(H[:d], *H[d:], H2[:d], *H2[d:]),
                      log_scale=Quantity(d * digamma_minus_log(H[d + 1] / 2) / 2, -d / (2 * H[d])))
        group.write(file, "D=%d" % d)


def probability_rows(group, inputs, rows, size, trials):
    """`trials`: none for one category out of `size`."""
    n = mpf(trials or 1)
    for _ in range(rows):
        p = inputs.probabilities(size)
        q = inputs.probabilities(size)
        if inputs.chance(0.5):
            q = p * (1 + inputs.log_uniform(1e-10, 1e-1) * inputs.random.uniform(-1, 1, size=size))
            q /= q.sum()
        p, q = short(np.maximum(p, LEAST)), short(np.maximum(q, LEAST))
        h = [inputs.count() for _ in range(size)]
        h, h2 = short(h), short([inputs.count_near(one) for one in h])
        P, Q, A, A2 = exact(p), exact(q), exact(h), exact(h2)
        if trials:
            even = np.full(size, 1 / size)
            x = inputs.random.multinomial(trials, np.array(p) / sum(p) if inputs.chance(0.6) else even)
            X = exact(x)
            orders = [log_gamma(one + 1) for one in X]
            density = Quantity(*[one * log(prob) for one, prob in zip(X, P)], log_gamma(n + 1),
                               *[-one for one in orders])
        else:
            x = [float(inputs.random.integers(size))]
            density = Quantity(log(P[int(x[0])]))
        quantities = {}
        if not trials:
            quantities["entropy"] = Quantity(*[-prob * log(prob) for prob in P])
        theta, log_scale = dirichlet_expectation(A, n)
        group.row(theta=p, theta2=q, x=x, h=h, h2=h2, log_density=density,
                  divergence=Quantity(*[n * one * log(one) for one in P],
                                      *[-n * one * log(two) for one, two in zip(P, Q)]),
                  log_partition=dirichlet_log_partition(A), prior_divergence=dirichlet_divergence(A, A2),
                  expected_theta=theta, log_scale=log_scale, **quantities)


def categorical(file):
    for size, rows in [(1, 50), (2, 1350), (3, 600)]:
        group = Group()
        probability_rows(group, Inputs("categorical%d" % size), rows, size, None)
        group.write(file, "categories=%d" % size)


def multinomial(file):
    for size, trials, rows in [(2, 9, 1400), (3, 100000, 600)]:
        group = Group()
        probability_rows(group, Inputs("multinomial%d" % size), rows, size, trials)
        group.write(file, "trials=%d" % trials)


# --- special functions -----------------------------------------------------------------------------------------------
def special(file):
    inputs = Inputs("special")

    def one_argument(name, points, function, scale):
        group = Group()
        for point in points:
            if not any(abs(point - known) < 0.6 for known in (1, 2, 10)):
                point, = short([point])
            X = mpf(float(point))
            value = function(X)
            group.row(x=point, value=Quantity(value).noise(scale(X, value)))
        group.write(file, name)

    wide = [inputs.log_uniform(LEAST, 1e15) for _ in range(1000)] + [inputs.log_uniform(1e-3, 1e3) for _ in range(1000)]
    halves = [0.5 * i for i in range(1, 60)]
    around = lambda root: [root + sign * 2.0**-k for k in range(1, 50) for sign in (-1, 1)]
    asymptotic = [10 * (1 + sign * 2.0**-k) for k in range(1, 50) for sign in (-1, 1)]
    points = wide + halves + around(1.0) + around(2.0) + asymptotic
    nothing = lambda X, value: 0
    fewer = points[:2000:4] + points[2000:]
    one_argument("log_gamma", points + [inputs.log_uniform(1e15, 1e300) for _ in range(200)], log_gamma, nothing)
    one_argument("digamma", points + around(1.4616321449683622), digamma, nothing)
    one_argument("digamma_minus_log", fewer, digamma_minus_log, nothing)
    one_argument("trigamma_minus_reciprocal", [x for x in fewer if x > 1e-100],
                 lambda X: mpmath.psi(1, X) - 1 / X, nothing)
    one_argument("stirling_remainder", fewer, stirling_remainder,
                 lambda X, value: 0 if X >= 10 else abs(log_gamma(X)) + abs((X - 0.5) * log(X)) + X + 1)
    arguments = [inputs.sign() * inputs.log_uniform(1e-300, 0.99) for _ in range(400)] + [
        inputs.log_uniform(1e-3, 1e100) for _ in range(100)]
    with mp.workdps(700):
        one_argument("log1p_minus", arguments, lambda X: log(1 + X) - X, nothing)
        one_argument("expm1_minus", [x for x in arguments if x < 700] + [-x for x in arguments if 1 < x < 1e10],
                     lambda X: mpmath.exp(X) - 1 - X, nothing)
    one_argument("log_minus_linear", around(1.0) + [inputs.log_uniform(1e-100, 1e100) for _ in range(400)],
                 lambda X: log(X) - (X - 1), nothing)

    group = Group()
    for i in range(2000):
        a = inputs.log_uniform(LEAST, 1e15) if i % 4 == 0 else inputs.log_uniform(1e-3, 1e8)
        b = inputs.log_uniform(1e-3, 1e8) if i % 2 == 0 else inputs.near(a)
        a, b = short([a, b])
        A, B = exact([a, b])
        group.row(x=[a, b], value=beta_log_partition(A, B))
    group.write(file, "log_beta")

    group = Group()
    for i in range(2000):
        d = 1 + i % 4
        x = (d - 1) / 2 + (inputs.log_uniform(1e-8, 1) if i % 3 == 0 else inputs.log_uniform(1e-2, 1e8))
        X = mpf(x)
        parts, _ = wishart_parts(2 * X, d)
        group.row(x=[x, d], value=Quantity(*parts))
    group.write(file, "log_multigamma")

    group = Group()
    for i in range(400):
        n = float(int(inputs.log_uniform(1, 1e12)))
        k = float(int(n * inputs.uniform())) if i % 2 else float(int(min(n, inputs.log_uniform(1, 100))))
        N, M = exact([n, k])
        value = log_gamma(N + 1) - log_gamma(M + 1) - log_gamma(N - M + 1)
        group.row(x=[n, k], value=Quantity(value).noise(log(N + 1)))
    group.write(file, "log_choose")
    quantiles(file)


def quantiles(file):
    """x where the distribution function is exactly the double `level`: from x with a level near it, one Newton step.

    The scale adds to |x| what the distribution function's own rounding does to x, min(F, 1 - F) / F'(x)."""
    inputs = Inputs("quantiles")

    def table(name, rows, draw):
        group = Group()
        while len(group.columns.get("value", [])) < rows:
            parameters, x, cdf, pdf = draw()
            F, density = cdf(mpf(x)), pdf(mpf(x))
            level = float(F)
            if not (1e-12 < level < 1 - 1e-9) or not (1e-280 < abs(x) < 1e280):
                continue
            step = (mpf(level) - F) / density
            if abs(step) > 1e-6 * abs(x):
                continue
            # Twice: the first step is 1e-16 of x over its conditioning, the second its square.
            y = mpf(x) + step
            y += (mpf(level) - cdf(y)) / pdf(y)
            group.row(x=[*parameters, level], value=Quantity(y).noise(min(F, 1 - F) / density))
        group.write(file, name)

    def gamma_parts(a):
        return (lambda x: mpmath.gammainc(a, 0, x, regularized=True),
                lambda x: mpmath.exp((a - 1) * log(x) - x - log_gamma(a)))

    def draw_gamma():
        shape, rate = inputs.log_uniform(1e-2, 1e3), inputs.log_uniform(1e-6, 1e6)
        x = np.random.default_rng(inputs.random.integers(2**32)).gamma(shape) / rate
        a, b = exact([shape, rate])
        cdf, pdf = gamma_parts(a)
        return [shape, rate], float(x), lambda y: cdf(b * y), lambda y: b * pdf(b * y)

    def draw_inverse_gamma():
        shape, scale = inputs.log_uniform(1e-1, 1e3), inputs.log_uniform(1e-6, 1e6)
        draw = max(np.random.default_rng(inputs.random.integers(2**32)).gamma(shape), 1e-290)
        a, b = exact([shape, scale])
        _, pdf = gamma_parts(a)
        return ([shape, scale], float(scale / draw), lambda y: mpmath.gammainc(a, b / y, mpmath.inf, regularized=True),
                lambda y: b / y**2 * pdf(b / y))

    def draw_beta():
        first, second = inputs.log_uniform(1e-1, 300), inputs.log_uniform(1e-1, 300)
        x = inputs.random.beta(first, second)
        if x == 1:
            x = 0.5
        a, b = exact([first, second])
        return ([first, second], float(x), lambda y: mpmath.betainc(a, b, 0, y, regularized=True),
                lambda y: mpmath.exp((a - 1) * log(y) + (b - 1) * log1p(-y) - log_gamma(a) - log_gamma(b)
                                     + log_gamma(a + b)))

    def draw_student():
        degrees = inputs.log_uniform(0.5, 1e3)
        x = inputs.random.standard_t(degrees)
        n = mpf(degrees)

        def cdf(y):
            tail = mpmath.betainc(n / 2, mpf(1) / 2, 0, n / (n + y * y), regularized=True) / 2
            return tail if y < 0 else 1 - tail

        return ([degrees], float(x), cdf,
                lambda y: mpmath.exp(log_gamma((n + 1) / 2) - log_gamma(n / 2) - log(n * mpmath.pi) / 2
                                     - (n + 1) / 2 * log1p(y * y / n)))

    table("gamma_quantile", 300, draw_gamma)
    table("inverse_gamma_quantile", 300, draw_inverse_gamma)
    table("beta_quantile", 300, draw_beta)
    table("student_t_quantile", 300, draw_student)


FILES = [special, exponential, poisson, bernoulli, binomial, geometric, gamma, log_normal, gaussian, gaussian_3,
         gaussian_diagonal, gaussian_spherical, gaussian_tied, categorical, multinomial]


def main():
    os.makedirs(os.path.join(HERE, "tables"), exist_ok=True)
    for write in FILES:
        if len(sys.argv) > 1 and write.__name__ not in sys.argv[1:]:
            continue
        with create(os.path.join(HERE, "tables", write.__name__ + ".h5")) as file:
            write(file)


if __name__ == "__main__":
    main()
