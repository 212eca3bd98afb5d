"""A chat that hands every WebSocket message on to everybody, as `websockets` says it is done best.

`broadcast()` writes to all clients at once and waits for none: what one writes who wants it fast
and has nothing but the library. No log, no names, no rooms.
"""

from __future__ import annotations

import asyncio

from websockets.asyncio.server import ServerConnection, broadcast, serve

from benchmarks.servers.simple import announce

_connections: set[ServerConnection] = set()


async def _hand_on(connection: ServerConnection) -> None:
    _connections.add(connection)
    try:
        async for message in connection:
            broadcast(_connections, message)
    finally:
        _connections.discard(connection)


async def _main() -> None:
    """Serve until the process is ended."""
    server = await serve(
        _hand_on, "127.0.0.1", 0, compression=None, ping_interval=None, max_queue=None
    )
    [socket] = server.sockets
    announce(socket.getsockname())
    await server.serve_forever()


if __name__ == "__main__":
    try:
        import uvloop
    except ImportError:
        asyncio.run(_main())
    else:
        uvloop.run(_main())
