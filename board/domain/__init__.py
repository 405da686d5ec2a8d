"""What is true. Pure: no I/O, no clock, no randomness."""
