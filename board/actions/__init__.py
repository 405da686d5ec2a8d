"""What people can do: one function per act, inside the transaction that its door has opened.

Each takes the pen (`WriteTx`) where it appends to the record; nothing but the database is awaited.
"""
