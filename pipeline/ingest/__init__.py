"""Readers of raw data: the first stage, below the ExampleGens that write what they read.

A reader is plain Python and numpy. It yields frozen records and raises `InputError` on bad
data; it knows neither Beam nor TensorFlow, so its tests run in milliseconds.
"""
