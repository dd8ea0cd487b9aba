"""Pure functions of tensors and strings, shared by training, evaluation, serving and monitoring.

The one place for image normalisation, line synthesis, text encoding, CTC decoding, edit
distance and `preprocessing_fn`, so that no two stages can disagree about any of them.
"""
