"""mealpy's Northern Goshawk Optimization: 30 dimensions, 30 individuals, 500 iterations.

Prints evaluations per second of processor time on the sphere (median of 5), and the median error of 11 seeds on the sphere
moved by 200 together with its box. Needs: pip install mealpy==3.0.3
"""

import statistics
import time

import numpy as np
from mealpy import NGO, FloatVar

DIMENSIONS = 30


def run(centre, seed):
    evaluations = 0

    def sphere(x):
        nonlocal evaluations
        evaluations += 1
        z = x - centre
        return float(np.dot(z, z))

    bounds = FloatVar(lb=(centre - 100.0,) * DIMENSIONS, ub=(centre + 100.0,) * DIMENSIONS)
    model = NGO.OriginalNGO(epoch=500, pop_size=30)
    start = time.process_time()
    best = model.solve({"obj_func": sphere, "bounds": bounds, "minmax": "min", "log_to": None}, seed=seed)
    return best.target.fitness, evaluations / (time.process_time() - start)


print("evaluations_per_cpu_second", statistics.median(run(0.0, seed)[1] for seed in range(5)))
print("moved_sphere_error", statistics.median(run(200.0, seed)[0] for seed in range(1, 12)))
