"""The contract of a servable model and its life after the push: server, clients, monitoring.

Stands on `schema` and `transforms` and never imports the trainer or the pipeline, so that an image
that only serves stays small. Importing this package imports nothing else.
"""
