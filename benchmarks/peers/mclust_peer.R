# mclust's me(): see peer.py for the command line. me() begins with an M-step, so that it is given the responsibilities
# of the start. It has no hook and no threads: an iteration is the difference between runs of many M-steps and of one.

suppressMessages({
  library(hdf5r)
  library(jsonlite)
  library(mclust)
})

minimum_timings <- 5
argument <- commandArgs(trailingOnly = TRUE)
models <- c("gaussian" = "VVV", "gaussian:covariance=diagonal" = "VVI")
model <- models[[argument[1]]]
iterations <- as.integer(argument[4])
seconds_to_spend <- as.numeric(argument[5])

# HDF5 counts axes from the other end: X arrives as D x N, the means as D x K, the covariances as D x D x K,
# of the diagonal model D x K.
data <- H5File$new(argument[2], "r")
X <- t(data[["X"]][, ])
start <- H5File$new(argument[3], "r")
covariance <- start[["components/covariance"]]$read()
components <- tail(dim(covariance), 1)
variance <- list(modelName = model, d = ncol(X), G = components)
if (model == "VVV") {
  variance$sigma <- covariance
  variance$cholsigma <- array(apply(covariance, 3, chol), dim(covariance))
} else {
  variance$scale <- exp(colMeans(log(covariance)))
  variance$shape <- sweep(covariance, 2, variance$scale, "/")
}
parameters <- list(pro = start[["weights"]][], mean = start[["components/mean"]][, ], variance = variance)
z <- estep(data = X, modelName = model, parameters = parameters)$z

run <- function(count) {
  begin <- Sys.time()
  fit <- me(data = X, modelName = model, z = z, control = emControl(tol = c(0, 0), itmax = c(count, count)), warn = FALSE)
  list(seconds = as.numeric(Sys.time() - begin, units = "secs"), log_likelihood = fit$loglik)
}

seconds <- numeric()
begin <- Sys.time()
while (length(seconds) < minimum_timings || as.numeric(Sys.time() - begin, units = "secs") < seconds_to_spend) {
  one <- run(1)
  many <- run(iterations)
  seconds <- c(seconds, (many$seconds - one$seconds) / (iterations - 1))
}
result <- list(peer = unbox("mclust"), version = unbox(as.character(packageVersion("mclust"))), seconds = seconds,
               log_likelihood = unbox(many$log_likelihood))
cat(toJSON(result, digits = NA), "\n")
