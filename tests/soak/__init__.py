"""Faults under load, again and again: what takes minutes, and proves by numbers."""
