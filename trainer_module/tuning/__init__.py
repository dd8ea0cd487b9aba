"""Searches and sweeps: many trainings, some at once, none of them lost.

`search.py` holds Keras Tuner's chief and looks after `worker.py`, a process for each training that
may run at once. A sweep is a search through a list.
"""
