"""The wiring: configuration, `create_pipeline`, one module a stage, ingestion and evaluation."""
