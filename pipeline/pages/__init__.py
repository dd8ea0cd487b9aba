"""Whole pages: what is shown of them, and the servable that reads them, measured and pushed."""
