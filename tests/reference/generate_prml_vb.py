"""Variational Bayes of a Gaussian mixture on Old Faithful, by the formulas of Bishop (2006), section 10.2, as printed.

Usage: generate_prml_vb.py faithful.h5 > prml_vb_faithful.json

K = 3, m0 = column means, beta0 = 1, nu0 = D, W0 = inverse sample covariance (N - 1), alpha0 = 1. The start is the
partition of the rows by thirds of the first column. Each entry of "elbo" is (10.70) after an update of q(pi, mu, Lambda)
by (10.58) and (10.60)-(10.63) and one of q(Z) by (10.46)-(10.49), (10.64)-(10.66); digamma and log gamma by mpmath with
50 digits, the rest in double precision.
"""

import json
import sys

import h5py
import mpmath
import numpy as np

mpmath.mp.dps = 50
K, ITERATIONS = 3, 60


def digamma(x):
    return float(mpmath.digamma(mpmath.mpf(float(x))))


def log_gamma(x):
    return float(mpmath.loggamma(mpmath.mpf(float(x))))


def log_dirichlet_constant(alpha):  # (B.23)
    return log_gamma(sum(alpha)) - sum(log_gamma(a) for a in alpha)


def log_wishart_constant(W, nu):  # (B.79)
    D = len(W)
    return (-0.5 * nu * np.linalg.slogdet(W)[1] - 0.5 * nu * D * np.log(2) - 0.25 * D * (D - 1) * np.log(np.pi)
            - sum(log_gamma(0.5 * (nu + 1 - i)) for i in range(1, D + 1)))


def main():
    with h5py.File(sys.argv[1]) as file:
        X = file["X"][:]
    N, D = X.shape
    m0, beta0, nu0, alpha0 = X.mean(axis=0), 1.0, float(D), 1.0
    W0 = np.linalg.inv(np.cov(X.T))
    W0_inverse = np.cov(X.T)

    r = np.zeros((N, K))
    r[np.argsort(X[:, 0], kind="stable"), np.arange(N) * K // N] = 1
    start = r.copy()
    elbo = []
    for _ in range(ITERATIONS):
        Nk = r.sum(axis=0)  # (10.51)-(10.53)
        xbar = (r.T @ X) / Nk[:, None]
        S = [((X - xbar[k]).T * r[:, k]) @ (X - xbar[k]) / Nk[k] for k in range(K)]
        alpha = alpha0 + Nk
        beta = beta0 + Nk
        m = (beta0 * m0 + Nk[:, None] * xbar) / beta[:, None]
        W = [np.linalg.inv(W0_inverse + Nk[k] * S[k] + beta0 * Nk[k] / (beta0 + Nk[k])
                           * np.outer(xbar[k] - m0, xbar[k] - m0)) for k in range(K)]
        nu = nu0 + Nk

        log_pi = np.array([digamma(a) - digamma(alpha.sum()) for a in alpha])
        log_lambda = np.array([sum(digamma(0.5 * (nu[k] + 1 - i)) for i in range(1, D + 1)) + D * np.log(2)
                               + np.linalg.slogdet(W[k])[1] for k in range(K)])
        distance = np.array([D / beta[k] + nu[k] * np.einsum("ni,ij,nj->n", X - m[k], W[k], X - m[k])
                             for k in range(K)]).T
        log_rho = log_pi + 0.5 * log_lambda - 0.5 * D * np.log(2 * np.pi) - 0.5 * distance
        shift = log_rho.max(axis=1, keepdims=True)
        log_r = log_rho - shift - np.log(np.exp(log_rho - shift).sum(axis=1, keepdims=True))
        r = np.exp(log_r)

        # (10.71)-(10.77) at the new r: statistics anew.
        Nk = r.sum(axis=0)
        xbar = (r.T @ X) / Nk[:, None]
        S = [((X - xbar[k]).T * r[:, k]) @ (X - xbar[k]) / Nk[k] for k in range(K)]
        log_p_x = 0.5 * sum(Nk[k] * (log_lambda[k] - D / beta[k] - nu[k] * np.trace(S[k] @ W[k])
                                     - nu[k] * (xbar[k] - m[k]) @ W[k] @ (xbar[k] - m[k]) - D * np.log(2 * np.pi))
                            for k in range(K))
        log_p_z = float((r * log_pi).sum())
        log_p_pi = log_dirichlet_constant([alpha0] * K) + (alpha0 - 1) * log_pi.sum()
        log_p_theta = (0.5 * sum(D * np.log(beta0 / (2 * np.pi)) + log_lambda[k] - D * beta0 / beta[k]
                                 - beta0 * nu[k] * (m[k] - m0) @ W[k] @ (m[k] - m0) for k in range(K))
                       + K * log_wishart_constant(W0, nu0) + 0.5 * (nu0 - D - 1) * log_lambda.sum()
                       - 0.5 * sum(nu[k] * np.trace(W0_inverse @ W[k]) for k in range(K)))
        log_q_z = float((r * log_r).sum())
        log_q_pi = float(((alpha - 1) * log_pi).sum()) + log_dirichlet_constant(alpha)
        entropy_lambda = [-log_wishart_constant(W[k], nu[k]) - 0.5 * (nu[k] - D - 1) * log_lambda[k] + 0.5 * nu[k] * D
                          for k in range(K)]  # (B.82)
        log_q_theta = sum(0.5 * log_lambda[k] + 0.5 * D * np.log(beta[k] / (2 * np.pi)) - 0.5 * D - entropy_lambda[k]
                          for k in range(K))
        elbo.append({"elbo": float(log_p_x + log_p_z + log_p_pi + log_p_theta - log_q_z - log_q_pi - log_q_theta),
                     "expected_log_x": float(log_p_x), "expected_log_z": log_p_z, "entropy": -log_q_z,
                     "kl_weights": float(log_q_pi - log_p_pi), "kl_components": float(log_q_theta - log_p_theta)})

    json.dump({"responsibilities": start.argmax(axis=1).tolist(), "m0": m0.tolist(), "psi0": W0_inverse.tolist(),
               "trace": elbo, "alpha": alpha.tolist(), "m": m.tolist(), "nu": nu.tolist(), "beta": beta.tolist(),
               "W": [w.tolist() for w in W]}, sys.stdout, indent=1)
    print()


main()
