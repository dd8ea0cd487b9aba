"""Buckets of S3 and Google Cloud Storage: data comes from them before a run, pushes go there after.

`address` names them, `bucket` is what the two kinds have in common, `fetch` and `publish` use it.
The pipeline itself sees local folders only (docs/decisions/0050).
"""
