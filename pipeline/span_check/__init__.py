"""Holds a new span of data against the last one that was trained on, before it is trained on.

`span_check_stage` wires it in: `last_span` finds the last span in the lineage, `executor` compares
the statistics of the two (`histograms`, `compare`) and stops or warns as `options` says, and the
report tells `comparison`.
"""
