"""What was trained, best first: models from the lineage, and trials of searches.

`python -m pipeline.leaderboard` as a table, CSV or a page, and two runs field by field. Imports no
TensorFlow.
"""
