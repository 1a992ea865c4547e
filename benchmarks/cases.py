"""THE list of benchmark cases: shapes, families, and the ratios to reach."""

import dataclasses

FULL, DIAGONAL = "gaussian", "gaussian:covariance=diagonal"
BERNOULLI, CATEGORICAL, EXPONENTIAL = "bernoulli", "categorical:categories=10", "exponential"

PACKAGED_RATIO = 5.0  # to reach: times the fastest packaged peer
NUMPY_RATIO = 2.5  # to reach: times the expert numpy
PEAK_SHARE = 0.6  # of the multiply-add peak: enough where it forbids the above
THREADS_RATIO = 1.8  # to reach: two threads against one
THREADS = (1, 2)
QUICK_DIVISOR = 50


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    family: str  # as mixfam spells it
    rows: int
    columns: int
    components: int
    iterations: int = 5  # M-steps of each run; the log likelihoods after them must agree
    roofline: bool = False  # whether PEAK_SHARE is a goal

    @property
    def element_bytes(self):
        return 1 if self.family in (BERNOULLI, CATEGORICAL) else 8

    @property
    def data_bytes(self):
        return self.rows * self.columns * self.element_bytes

    @property
    def flops(self):
        """Floating-point operations that the matrix products of one iteration need, E-step and M-step."""
        n, d, k = self.rows, self.columns, self.components
        return {FULL: 2 * n * k * d * d, DIAGONAL: 8 * n * k * d, BERNOULLI: 4 * n * k * d}.get(self.family)

    @property
    def label(self):
        kind = self.family.split(":")[0] + {FULL: " full", DIAGONAL: " diagonal"}.get(self.family, "")
        categories = " V=10" if self.family == CATEGORICAL else ""
        return f"{kind} N={short(self.rows)} D={self.columns}{categories} K={self.components}"

    def with_rows(self, rows):
        return dataclasses.replace(self, rows=rows)

    def quick(self):
        """A case some QUICK_DIVISOR times smaller, with rows enough for each component's parameters."""
        enough = 4 * self.components * self.columns if self.family == FULL else 1000
        return self.with_rows(min(self.rows, max(self.rows // QUICK_DIVISOR, enough)))


def short(number):
    """1000000 as 1e6."""
    digits = str(number).rstrip("0")
    return f"{digits}e{len(str(number)) - 1}" if len(digits) == 1 and number >= 10000 else str(number)


TABLE = (
    Case("full_2", FULL, 1_000_000, 2, 3),
    Case("full_16", FULL, 200_000, 16, 16),
    Case("full_64", FULL, 100_000, 64, 32, iterations=3, roofline=True),
    Case("full_256", FULL, 20_000, 256, 8, iterations=3, roofline=True),
    Case("diagonal", DIAGONAL, 1_000_000, 32, 64, iterations=3, roofline=True),
    Case("bernoulli", BERNOULLI, 200_000, 784, 10, iterations=3),
    Case("categorical", CATEGORICAL, 500_000, 20, 8),
    Case("exponential", EXPONENTIAL, 5_000_000, 1, 3),
)
