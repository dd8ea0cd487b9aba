"""A pushed model, clean traffic, then drifted traffic, and the alert that comes of it.

`command` runs it, `pictures` finds and spoils pictures, `receiver` is the webhook that is told.
"""
