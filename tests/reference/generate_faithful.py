#!/usr/bin/env python3
"""Writes faithful.hpp: Old Faithful and the path of EM on it, by another program than the library.

Two-component bivariate Gaussian mixture from an explicit start, maximum likelihood and posterior mode, soft and hard
assignment. Two-pass sums in long double (64-bit mantissa), 2 x 2 inverses in closed form, nothing shared with the
library. Needs h5py and numpy (written with h5py 3.7.0, numpy 1.24.2). Run from the root of the source:

    python3 tests/reference/generate_faithful.py > tests/reference/faithful.hpp
"""
import h5py
import numpy as np

R = np.longdouble
with h5py.File("data/faithful.h5", "r") as file:
    X = file["X"][:].astype(R)
N, D = X.shape
K = 2
LOG_2PI = np.log(2 * R("3.14159265358979323846264338327950288"))

start = (
    np.array([0.5, 0.5], dtype=R),
    np.array([[2, 55], [4, 80]], dtype=R),
    np.array([[[0.5, 0], [0, 50]], [[0.25, 1], [1, 40]]], dtype=R),
)


def log_joint(w, m, C):
    L = np.empty((N, K), dtype=R)
    for k in range(K):
        (a, b), (_, c) = C[k]
        det = a * c - b * b
        r = X - m[k]
        distance = (c * r[:, 0] ** 2 - 2 * b * r[:, 0] * r[:, 1] + a * r[:, 1] ** 2) / det
        L[:, k] = np.log(w[k]) - LOG_2PI - np.log(det) / 2 - distance / 2
    return L


def log_sum_exp(L):
    top = L.max(axis=1)
    return top + np.log(np.exp(L - top[:, None]).sum(axis=1))


def m_step(r, prior):
    w, m, C = np.empty(K, dtype=R), np.empty((K, D), dtype=R), np.empty((K, D, D), dtype=R)
    for k in range(K):
        n = r[:, k].sum()
        mean = (r[:, k, None] * X).sum(axis=0) / n
        residual = X - mean
        scatter = (r[:, k, None, None] * residual[:, :, None] * residual[:, None, :]).sum(axis=0)
        if prior is None:
            w[k], m[k], C[k] = n / N, mean, scatter / n
        else:
            mu0, kappa0, nu0, psi0, alpha = prior
            e = mean - mu0
            w[k] = (n + alpha - 1) / (N + K * alpha - K)
            m[k] = (kappa0 * mu0 + n * mean) / (kappa0 + n)
            C[k] = (psi0 + scatter + kappa0 * n / (kappa0 + n) * np.outer(e, e)) / (nu0 + n + D + 2)
    return w, m, C


def run(steps, prior=None, hard=False):
    theta, path = start, []
    for _ in range(steps + 1):
        L = log_joint(*theta)
        total = log_sum_exp(L)
        r = np.exp(L - total[:, None])
        entropy = -(r * (L - total[:, None])).sum()
        if hard:
            r = (np.arange(K) == L.argmax(axis=1)[:, None]).astype(R)
            entropy = R(0)
        path.append((theta, total.sum(), (r * L).sum(), entropy, r.sum(axis=0)))
        theta = m_step(r, prior)
    return path


sample_covariance = (X - X.mean(axis=0)).T @ (X - X.mean(axis=0)) / (N - 1)
default_prior = (X.mean(axis=0), R("0.01"), R(D + 2), sample_covariance / K ** (R(2) / D), R(2))


def number(x):
    return repr(float(x))


def numbers(values):
    return ", ".join(number(x) for x in np.ravel(values))


def emit_path(name, comment, path):
    print(f"/// {comment}")
    print(f"inline const std::vector<ReferenceStep> {name} = {{")
    for t, (theta, log_likelihood, q, entropy, counts) in path:
        print(f"    {{{t}, {number(log_likelihood)}, {number(q)}, {number(entropy)},")
        print(f"     {{{numbers(counts)}}},")
        print(f"     {{{numbers(theta[0])}}},")
        for k in range(K):
            opening = "{" if k == 0 else " "
            closing = "}}," if k == K - 1 else ","
            print(f"     {opening}{{{numbers(theta[1][k])}, {numbers(theta[2][k])}}}{closing}")
    print("};\n")


ml = run(400)
print("#pragma once\n")
print("// Written by tests/reference/generate_faithful.py; do not edit.\n")
print("#include <cstddef>\n#include <vector>\n")
print("// clang-format off\nnamespace mixfam::reference {\n")
print("/// Old Faithful: duration of an eruption and waiting time to the next, in minutes; 272 x 2, row-major")
print("/// (Azzalini and Bowman 1990, Applied Statistics 39, 357-365; as R datasets::faithful).")
print("inline const std::vector<double> faithful = {")
for n in range(0, N, 8):
    print("    " + numbers(X[n:n + 8]) + ",")
print("};\n")
print("/// After t M-steps: log p(X), Q, H(q), N_k, weights, and mean and covariance (row-major) of each component.")
print("struct ReferenceStep {")
print("  std::size_t iteration;\n  double log_likelihood;\n  double q;\n  double entropy;")
print("  std::vector<double> counts;\n  std::vector<double> weights;")
print("  std::vector<std::vector<double>> parameters;\n};\n")
emit_path("faithful_ml", "Maximum likelihood, soft assignment.", [(t, ml[t]) for t in (0, 1, 2, 3, 5, 10, 20)])
emit_path("faithful_map", "Posterior mode under the default prior, soft assignment.",
          [(t, run(t, default_prior)[t]) for t in (0, 1, 5, 20)])
emit_path("faithful_hard", "Maximum likelihood, hard assignment.", [(t, run(t, hard=True)[t]) for t in (0, 1, 5)])
print("/// After 400 M-steps; changes by less than 1e-15 at each.")
print(f"inline constexpr double faithful_limit = {number(ml[-1][1])};")
print(f"inline const std::vector<double> faithful_limit_weights = {{{numbers(ml[-1][0][0])}}};")
print("\n}  // namespace mixfam::reference\n// clang-format on")
