#!/usr/bin/env python3
"""A Pipecat-shaped voice server on aiortc: the peer that bench/ measures Thaw against.

Serves the same page (--webroot) and the same contract (POST/PATCH /api/offer, data channel "chat", bot-ready), with the
echo made by aiortc. Needs only Debian's python3-aiortc; HTTP is a few lines of asyncio, so that aiortc does not pay for a framework.
Made fair to aiortc where its defaults would cost it time: it asks no STUN server (its default is a public one) and offers one
host candidate, 127.0.0.1, as Thaw does with --udp-address 127.0.0.1 (aioice leaves loopback out by itself).
Usage: aiortc_server.py --port 7861 --webroot src/Thaw.Voice/webroot
"""
import argparse
import asyncio
import json
import mimetypes
import pathlib
import uuid

import aioice.ice
from aiortc import MediaStreamTrack, RTCConfiguration, RTCIceServer, RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp

aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]
peers = {}
ice_servers = []


class Echo(MediaStreamTrack):
    kind = "audio"

    def __init__(self, source):
        super().__init__()
        self.source = source

    async def recv(self):
        return await self.source.recv()


def on_message(channel, text):
    if not isinstance(text, str) or not text.startswith("{"):
        return
    message = json.loads(text)
    if message.get("label") == "rtvi-ai" and message.get("type") == "client-ready":
        channel.send(json.dumps({"id": message["id"], "label": "rtvi-ai", "type": "bot-ready", "data": {"version": "2.1.0"}}))


async def offer(body):
    pc, pc_id = RTCPeerConnection(RTCConfiguration(iceServers=ice_servers)), uuid.uuid4().hex
    peers[pc_id] = pc

    @pc.on("track")
    def on_track(track):
        if track.kind == "audio":
            pc.addTrack(Echo(track))

    @pc.on("datachannel")
    def on_datachannel(channel):
        channel.on("message", lambda text: on_message(channel, text))

    @pc.on("connectionstatechange")
    async def on_state():
        if pc.connectionState in ("failed", "closed"):
            peers.pop(pc_id, None)
            await pc.close()

    await pc.setRemoteDescription(RTCSessionDescription(body["sdp"], body["type"]))
    await pc.setLocalDescription(await pc.createAnswer())
    return {"sdp": pc.localDescription.sdp, "type": pc.localDescription.type, "pc_id": pc_id}


async def trickle(body):
    pc = peers.get(body["pc_id"])
    for entry in body["candidates"] if pc else []:
        if not entry["candidate"]:
            continue
        candidate = candidate_from_sdp(entry["candidate"].split(":", 1)[1])
        candidate.sdpMid, candidate.sdpMLineIndex = entry["sdp_mid"], entry["sdp_mline_index"]
        await pc.addIceCandidate(candidate)
    return {"status": "success"}


async def answer(method, path, body, webroot):
    if path == "/api/offer":
        result = await (offer if method == "POST" else trickle)(json.loads(body))
        return 200, "application/json", json.dumps(result).encode()
    file = webroot / (path.removeprefix("/client/") or "index.html")
    if path.startswith("/client/") and file.is_file():
        return 200, mimetypes.guess_type(file.name)[0] or "application/octet-stream", file.read_bytes()
    return 404, "application/json", b'{"detail":"not found"}'


async def serve(reader, writer, webroot):
    try:
        while line := await reader.readline():
            method, path, _ = line.decode().split(" ", 2)
            length = 0
            while (header := await reader.readline()) not in (b"\r\n", b""):
                name, _, value = header.decode().partition(":")
                if name.lower() == "content-length":
                    length = int(value)
            status, kind, payload = await answer(method, path.split("?")[0], await reader.readexactly(length), webroot)
            head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(payload)}\r\n\r\n"
            writer.write(head.encode() + payload)
            await writer.drain()
    except (ConnectionError, asyncio.IncompleteReadError):
        pass
    finally:
        writer.close()


async def main():
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--webroot", type=pathlib.Path, required=True)
    options.add_argument("--ice-server", action="append", default=[], help="as stun:host:port; none without it")
    options = options.parse_args()
    ice_servers.extend(RTCIceServer(url) for url in options.ice_server)
    server = await asyncio.start_server(lambda r, w: serve(r, w, options.webroot), "127.0.0.1", options.port)
    print(json.dumps({"url": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/client/"}), flush=True)
    await server.serve_forever()


asyncio.run(main())
