"""The pure core: what a chat is, decided without clocks, sockets or randomness.

Nothing in here imports asyncio, socket, time, random or logging: time, ids and randomness
come in as arguments, so that everything can be replayed and tested without waiting.
"""
