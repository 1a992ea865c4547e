"""The plot of measure_growth.py's figures."""

import statistics

import matplotlib
import numpy as np

matplotlib.use("svg")
matplotlib.rcParams["svg.hashsalt"] = "growth"  # equal figures make equal files

from matplotlib import pyplot


def write(results, path):
    """Both curves with the straight lines fitted to their logarithms; returns the slopes by axis."""
    figure, panels = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    slopes = {}
    for panel, axis in zip(panels, ("rows", "components")):
        x = np.array([point[axis] for point in results[axis]], float)
        seconds = np.array([statistics.median(point["seconds"]) for point in results[axis]])
        slope, offset = np.polyfit(np.log(x), np.log(seconds), 1)
        slopes[axis] = slope
        panel.loglog(x, seconds, "o", label="measured")
        panel.loglog(x, np.exp(offset) * x**slope, "-", label=f"slope {slope:.2f}")
        panel.set_xlabel(axis)
        panel.set_ylabel("seconds an iteration")
        panel.legend()
    figure.savefig(path, metadata={"Date": None})
    return slopes
