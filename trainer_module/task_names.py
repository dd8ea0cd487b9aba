"""The tasks and what the validation error of each is called; light to import."""

LINES, CHARACTERS, DETECTOR = "lines", "characters", "detector"

ERROR_NAMES = {LINES: "CER", CHARACTERS: "error rate", DETECTOR: "1 - F1"}
"""Task -> the fraction that early stopping looks at; lower is better."""
