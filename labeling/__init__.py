"""Where people write, correct and approve lines of handwriting: `python -m labeling serve`.

Its output is the next span of training data (`pipeline.ingest.spans`). The store (`store.py`) keeps
lines, labels and an append-only history; the web application (`app.py`) shows them; importers and
exporters (`formats.py`) bring lines in and labels out. TensorFlow is never imported here.
"""
