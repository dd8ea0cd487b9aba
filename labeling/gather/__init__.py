"""Gathers handwriting: prompts to copy, written on the screen or on a printed sheet.

`prompts.py` chooses what to write, `consent.py` says what a writer agrees to, `sheet_*.py` print a
sheet and cut its photograph into lines, `records.py` keeps writers, prompts and sheets, and
`routes.py` shows it all. What is gathered becomes lines of the store with the prompt as proposal.
"""
