"""What the data is: feature keys, splits, the alphabet and the curated TFDV schema.

The bottom of the dependency order: it imports no other package of the project.
"""
