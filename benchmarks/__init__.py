"""What the line door costs, measured beside a naive chat and beside the bare sends.

Nothing here is imported by the server; `python -m benchmarks` prints one table.
"""
