"""Catalogues: board.pot is the list of all sentences; one folder a language beside it."""
