"""aiortc's SCTP and data channels over plain loopback UDP: opens a channel "theirs", echoes on every channel it is offered.

Usage: aiortc_sctp.py PEER_PORT ROLE      ROLE: controlling (sends INIT too, odd numbers) or controlled (even numbers)
Prints its port, then runs until stdin ends.
"""
import asyncio
import sys

from aiortc.rtcdatachannel import RTCDataChannel, RTCDataChannelParameters
from aiortc.rtcsctptransport import RTCSctpTransport


class Ice:
    def __init__(self, role):
        self.role = role


class Pipe(asyncio.DatagramProtocol):
    """Stands in for RTCDtlsTransport."""

    state = "connected"

    def __init__(self, role):
        self.transport = Ice(role)
        self.receiver = None
        self.socket = None

    def connection_made(self, transport):
        self.socket = transport

    def datagram_received(self, data, addr):
        if self.receiver is not None:
            asyncio.ensure_future(self.receiver._handle_data(data))

    def _register_data_receiver(self, receiver):
        self.receiver = receiver

    def _unregister_data_receiver(self, receiver):
        self.receiver = None

    async def _send_data(self, data):
        self.socket.sendto(data)


async def main():
    port, role = int(sys.argv[1]), sys.argv[2]
    loop = asyncio.get_running_loop()
    pipe = Pipe(role)
    transport, _ = await loop.create_datagram_endpoint(
        lambda: pipe, local_addr=("127.0.0.1", 0), remote_addr=("127.0.0.1", port))

    sctp = RTCSctpTransport(pipe)

    @sctp.on("datachannel")
    def on_datachannel(channel):
        @channel.on("message")
        def on_message(message):
            channel.send(message)

    print(transport.get_extra_info("sockname")[1], flush=True)
    await sctp.start(RTCSctpTransport.getCapabilities(), 5000)
    RTCDataChannel(sctp, RTCDataChannelParameters(label="theirs", protocol="p"))
    await loop.run_in_executor(None, sys.stdin.read)
    await sctp.stop()


asyncio.run(main())
