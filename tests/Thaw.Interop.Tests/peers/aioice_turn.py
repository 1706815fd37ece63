"""An allocation by aioice's TURN client, and a peer that says everything back.

Usage: aioice_turn.py TRANSPORT HOST PORT AUTHORITY USER PASSWORD PACKETS
TRANSPORT is udp, tcp or tls; AUTHORITY the file of the certificate to believe.
Prints the relayed address and how many of the packets came back as they went.
"""
import asyncio
import json
import ssl
import sys

from aioice import turn


class Echo(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        self.transport.sendto(data, addr)


class Receiver(asyncio.DatagramProtocol):
    def __init__(self):
        self.received = asyncio.Queue()

    def datagram_received(self, data, addr):
        self.received.put_nowait((data, addr))


async def main():
    transport, host, port, authority, user, password, packets = sys.argv[1:]
    loop = asyncio.get_running_loop()
    echo, _ = await loop.create_datagram_endpoint(Echo, local_addr=(host, 0))
    peer = echo.get_extra_info("sockname")
    relay, receiver = await turn.create_turn_endpoint(
        Receiver, (host, int(port)), username=user, password=password, lifetime=600,
        ssl=ssl.create_default_context(cafile=authority) if transport == "tls" else False,
        transport="udp" if transport == "udp" else "tcp")

    received = 0
    for i in range(int(packets)):
        payload = bytes([i % 256]) * (1 + i * 37 % 1200)
        relay.sendto(payload, peer)
        try:
            received += await asyncio.wait_for(receiver.received.get(), 5) == (payload, peer)
        except asyncio.TimeoutError:
            pass

    print(json.dumps({"relayed": list(relay.get_extra_info("sockname")), "received": received}))
    relay.close()
    await asyncio.sleep(0.5)


asyncio.run(main())
