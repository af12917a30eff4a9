"""`python -m rigs.zigbee.fakeznp RADIO_PORT CONTROL_PORT`: serves both on loopback until SIGINT."""

from __future__ import annotations

import asyncio
import sys
from functools import partial

from . import control
from .coordinator import Coordinator
from .frames import read_frame


async def serve_host(stick: Coordinator, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Be the stick for one host until it hangs up."""
    stick.write = writer.write
    try:
        while True:
            stick.receive(await read_frame(reader))
    except (asyncio.IncompleteReadError, ConnectionError):
        stick.write = None
        writer.close()


async def main(radio_port: int, control_port: int) -> None:
    """Serve the stick and its control port until cancelled."""
    stick = Coordinator()
    radio = await asyncio.start_server(partial(serve_host, stick), "127.0.0.1", radio_port)
    orders = await asyncio.start_server(partial(control.serve, stick.lock), "127.0.0.1", control_port)
    await asyncio.gather(radio.serve_forever(), orders.serve_forever())


if __name__ == "__main__":
    try:
        asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
    except KeyboardInterrupt:
        sys.exit(0)
