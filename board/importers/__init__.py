"""Reads what other products export, and says it in import lines (`domain/conversations`). Touches no database."""
