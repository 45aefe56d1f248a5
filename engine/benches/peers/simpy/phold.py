"""PHOLD on SimPy, as `phold.rs` defines it: 256 actors, 64 events each, remote 0.1, lookahead 0.1 s, mean 1 s.

Prints events and nanoseconds of this process's own processor time for each event; starting Python and building the model do
not count. Two ways, the better one counts: an event is a timeout with a callback (`callbacks`), or an item put into
the store that a process of the actor waits at (`processes`). Needs: pip install simpy==4.1.2
"""

import random
import sys
import time

import simpy

ACTORS, EVENTS_EACH, REMOTE, LOOKAHEAD, MEAN_BEYOND = 256, 64, 0.1, 0.1, 0.9


class Actor:
    def __init__(self, env, actors, me):
        self.env, self.actors, self.me = env, actors, me
        self.random = random.Random(f"phold actor {me}")
        self.events = 0

    def delay(self):
        return LOOKAHEAD + self.random.expovariate(1.0 / MEAN_BEYOND)

    def execute(self):
        self.events += 1
        is_remote = self.random.random() < REMOTE
        to = self.actors[int(self.random.random() * ACTORS)] if is_remote else self
        to.send(self.delay())


class Callbacks(Actor):
    def send(self, delay):
        self.env.timeout(delay).callbacks.append(self.deliver)

    def deliver(self, _):
        self.execute()


class Processes(Actor):
    def __init__(self, env, actors, me):
        super().__init__(env, actors, me)
        self.mailbox = simpy.Store(env)
        env.process(self.run())

    def send(self, delay):
        self.env.timeout(delay).callbacks.append(self.deliver)

    def deliver(self, _):
        self.mailbox.put(None)

    def run(self):
        while True:
            yield self.mailbox.get()
            self.execute()


def measure(kind, end):
    env = simpy.Environment()
    actors = []
    actors.extend(kind(env, actors, me) for me in range(ACTORS))
    for actor in actors:
        for _ in range(EVENTS_EACH):
            actor.send(actor.delay())
    start = time.process_time_ns()
    env.run(until=end)
    taken = time.process_time_ns() - start
    events = sum(actor.events for actor in actors)
    return events, taken / events


end = float(sys.argv[1])
for name, kind in ("callbacks", Callbacks), ("processes", Processes):
    events, nanoseconds = measure(kind, end)
    print(name, events, nanoseconds)
