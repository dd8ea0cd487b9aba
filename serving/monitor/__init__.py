"""Tells when what comes in is no longer what the model learned: `python -m serving.monitor`.

Logs of requests become windows of measured features (`windows`), windows are held against a
reference that was learned from clean data (`reference`, `checks`), and what was found is told
(`findings`, `report`, `alerts`).
"""
