"""How functions become graphs, in training and serving alike."""

import functools

import tensorflow as tf

traced = functools.partial(tf.function, autograph=False)
"""`tf.function` without AutoGraph.

No graph here is written with Python's own `if` and `for` over tensors, so that there is nothing to
rewrite; looking for it took a fifth of the processor time of a short training. Where a branch or a
loop over tensors slips in, TensorFlow refuses to trace it.
"""
