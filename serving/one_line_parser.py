"""The argument parser of every command: bad usage is told in one line, exit status 2."""

import argparse
import typing


class OneLineParser(argparse.ArgumentParser):
    """Says bad usage in one line and exits with 2; options are not to be abbreviated."""

    def __init__(self, **options: typing.Any) -> None:
        super().__init__(**({"allow_abbrev": False} | options))

    def error(self, message: str) -> typing.NoReturn:
        """Ends the program, without the usage that argparse would put before."""
        self.exit(2, f"{self.prog}: {message} (--help tells more)\n")
