"""What the board costs: run by `make bench`, never by the tests. Ratios against a baseline of the same run."""
