"""Servers that behave as the social networks do, over real HTTP, with their faults."""
