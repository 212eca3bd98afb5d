"""The running server: turns, fan-out, sessions, limits, and how they are put together."""
