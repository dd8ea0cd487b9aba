"""The one exception for input that the user can mend; the runners turn it into exit status 2."""


class InputError(Exception):
    """Bad usage or bad data.

    The message is one line that says what was expected, what came, in which file or sample,
    and what to do about it.
    """
