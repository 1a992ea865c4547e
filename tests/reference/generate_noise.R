# Writes noise.hpp: Old Faithful with uniform noise, and the maximum that mclust finds with its component of noise
# (Banfield and Raftery 1993; Fraley and Raftery 2002). Written with R 4.2.2, mclust 6.0.0. Run from the root of the source:
#
#     Rscript tests/reference/generate_noise.R > tests/reference/noise.hpp
suppressMessages(library(mclust))

x <- as.matrix(faithful)
low <- apply(x, 2, min)
high <- apply(x, 2, max)
set.seed(20261124)
noise <- round(cbind(runif(14, low[1], high[1]), runif(14, low[2], high[2])), 3)
all <- rbind(x, noise)

start <- matrix(0, nrow(all), 3)
start[, 1] <- all[, 1] < 3
start[, 2] <- all[, 1] >= 3
start[273:286, ] <- rep(c(0, 0, 1), each = 14)
fit <- meVVV(all, start, Vinv = 1 / prod(high - low), control = emControl(tol = c(1e-15, 1e-15), itmax = c(1e5, 1e5)))

number <- function(v) paste(sprintf("%.17g", v), collapse = ", ")
cat('#pragma once

// Written by tests/reference/generate_noise.R; do not edit.

#include <vector>

// clang-format off
namespace mixfam::reference::noise {

/// 14 rows that are uniform over the box of Old Faithful, row-major: 5 % beside its 272 rows.
inline const std::vector<double> rows = {', number(t(noise)), '};

/// The maximum of two Gaussians and noise over that box, by mclust.
inline constexpr double log_likelihood = ', number(fit$loglik), ';
inline const std::vector<double> weights = {', number(fit$parameters$pro), '};
inline const std::vector<std::vector<double>> means = {{', number(fit$parameters$mean[, 1]), '}, {',
number(fit$parameters$mean[, 2]), '}};
inline const std::vector<std::vector<double>> covariances = {{', number(fit$parameters$variance$sigma[, , 1]), '}, {',
number(fit$parameters$variance$sigma[, , 2]), '}};

}  // namespace mixfam::reference::noise
', sep = "")
