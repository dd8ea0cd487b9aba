"""The embedded sample: synthetic handwriting in EMNIST's layout, made offline from packages.

`fonts.py` and `strokes.py` turn a character into ink, `writer.py` lets a simulated writer write
it, `generate.py` lays the data set out as files that `emnist.py` reads.

No package ships real handwritten letters, so every figure on this sample is a figure on
synthetic handwriting. Train and test share no writer, but they share the few base fonts below.

Sources:
  handwriting-generator: the font Shadows Into Light by Kimberly Geswein, SIL OFL 1.1.
  font-intuitive: the font Intuitive by Bruno de Souza Leão, SIL OFL 1.1.
  font-amatic-sc: the font Amatic SC by Vernon Adams, SIL OFL 1.1.
  Hershey-Fonts: the stroke fonts that A. V. Hershey digitised, MIT.
"""

from pipeline.ingest.sample.generate import SampleSize, ensure_sample

__all__ = ["SampleSize", "ensure_sample"]
