"""The models that the pipeline has made: their history, and which of them serves.

`python -m pipeline.models list | show | promote | rollback | publish`, over ML Metadata and the
folder of pushed versions. Imports no TensorFlow, except to compose pages anew.
"""
