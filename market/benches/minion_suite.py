"""minionpy's particle swarm and L-SHADE on the suite that the bench wrote: minion_suite.py FILE SEEDS.

Prints a line `NAME FUNCTION MEDIAN` each. Needs: pip install minionpy==1.9.1
"""

import statistics
import sys

import minionpy
import numpy as np

EVALUATIONS = 30_030
TAU = 2 * np.pi


def levy(z):
    y = 1 + z / 4
    middle = np.sum((y[:, :-1] - 1) ** 2 * (1 + 10 * np.sin(np.pi * y[:, :-1] + 1) ** 2), axis=1)
    last = y[:, -1]
    return np.sin(np.pi * y[:, 0]) ** 2 + middle + (last - 1) ** 2 * (1 + np.sin(TAU * last) ** 2)


def schwefel(z):
    m = z.shape[1]
    y = 10 * z + 420.9687462275036
    inside = y * np.sin(np.sqrt(np.abs(y)))
    above, below = 500 - np.fmod(y, 500), np.fmod(np.abs(y), 500) - 500
    high = above * np.sin(np.sqrt(np.abs(above))) - (y - 500) ** 2 / (10_000 * m)
    low = below * np.sin(np.sqrt(np.abs(below))) - (y + 500) ** 2 / (10_000 * m)
    terms = np.where(y > 500, high, np.where(y < -500, low, inside))
    return 418.9828872724338 * m - terms.sum(axis=1)


def schaffer(z):
    q = z**2 + np.roll(z, -1, axis=1) ** 2
    return np.sum(0.5 + (np.sin(np.sqrt(q)) ** 2 - 0.5) / (1 + 0.001 * q) ** 2, axis=1)


def zakharov(z):
    s = np.sum(0.5 * np.arange(1, z.shape[1] + 1) * z, axis=1)
    return np.sum(z**2, axis=1) + s**2 + s**4


def rosenbrock(z):
    y = z + 1
    return np.sum(100 * (y[:, 1:] - y[:, :-1] ** 2) ** 2 + (1 - y[:, :-1]) ** 2, axis=1)


def ackley(z):
    waves = np.mean(np.cos(TAU * z), axis=1)
    return 20 - 20 * np.exp(-0.2 * np.sqrt(np.mean(z**2, axis=1))) + np.e - np.exp(waves)


def griewank(z):
    waves = np.prod(np.cos(z / np.sqrt(np.arange(1, z.shape[1] + 1))), axis=1)
    return np.sum(z**2, axis=1) / 4000 - waves + 1


def happycat(z):
    y, m = z - 1, z.shape[1]
    squares, total = np.sum(y**2, axis=1), np.sum(y, axis=1)
    return np.abs(squares - m) ** 0.25 + (0.5 * squares + total) / m + 0.5


FUNCTIONS = {
    "sphere": lambda z: np.sum(z**2, axis=1),
    "cigar": lambda z: z[:, 0] ** 2 + 1e6 * np.sum(z[:, 1:] ** 2, axis=1),
    "elliptic": lambda z: np.sum(10 ** (6 * np.arange(z.shape[1]) / (z.shape[1] - 1)) * z**2, axis=1),
    "zakharov": zakharov,
    "rosenbrock": rosenbrock,
    "rastrigin": lambda z: np.sum(z**2 - 10 * np.cos(TAU * z) + 10, axis=1),
    "ackley": ackley,
    "griewank": griewank,
    "schaffer": schaffer,
    "levy": levy,
    "schwefel": schwefel,
    "happycat": happycat,
}
PEERS = {"pso": "PSO", "l_shade": "LSHADE"}

path, seeds = sys.argv[1], int(sys.argv[2])
with open(path) as file:
    lines = file.read().splitlines()
for head, shift, rotation in zip(lines[::3], lines[1::3], lines[2::3]):
    name, bound = head.split()
    bound = float(bound)
    shift = np.array(shift.split(), dtype=float)
    rotation = np.array(rotation.split(), dtype=float).reshape(len(shift), -1)

    def error(batch):
        return FUNCTIONS[name]((np.asarray(batch) - shift) @ rotation.T).tolist()

    for ours, theirs in PEERS.items():
        errors = [
            minionpy.Minimizer(
                error, bounds=[(-bound, bound)] * len(shift), algo=theirs, maxevals=EVALUATIONS, seed=seed
            )
            .optimize()
            .fun
            for seed in range(1, seeds + 1)
        ]
        print(ours, name, statistics.median(errors))
