//! Nothing but whole runs, under `tests/it`: what is true of every run, seen from outside.
