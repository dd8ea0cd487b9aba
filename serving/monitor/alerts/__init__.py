"""Alerts: who is told of a verdict, when, and what becomes of it where nobody answers.

`episodes` decides whether a verdict is news, `outbox` delivers by `webhook` and `mail` and keeps
what could not be delivered, `ledger` holds both on the disk, `teller` puts them together.
"""
