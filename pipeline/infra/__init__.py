"""Before the push: the candidate in a real model server, and real questions to it."""
