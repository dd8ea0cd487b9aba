"""The words of a text: ingestion tells seen from unseen ones, monitoring counts the unseen."""


def words_of(text: str) -> frozenset[str]:
    """Returns the words of a text without case and punctuation."""
    stripped = (word.strip(".,'-?!:;()&\"") for word in text.casefold().split())
    return frozenset(word for word in stripped if word)
