"""`python -m tests.bench.observing`: what the observer's reading costs, from the tap's bytes to metrics, by itself.

No sockets, no other process, warm caches: the least that an exchange can cost. Records are not written to disk.
"""

import random
import time
from array import array
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import orjson

from exporter.dialect import table
from exporter.observe.exchange import Exchange
from exporter.observe.observation import Measurement
from exporter.observe.recorder import Recorder
from exporter.pipeline import Pipeline
from exporter.sinks.store import Store
from exporter.tap import frames
from exporter.tap.intake import Intake, Key
from exporter.tokens.choice import Tokenizers
from exporter.wire.chunked import chunk, last_chunk
from tests.fakes.wires import MemoryTransport

STREAMS = 200
CHUNKS = 300
AT_A_TIME = 5
"""Chunks of a stream that are handed over together: one each 20 ms, every 0.1 s."""
FRAMES = 40
"""That arrive in one read."""
REQUESTS = 2000
ROUNDS = 4
WORDS = ["capital", "problem", "company", "service", "country", "network", "general", "program"]
PROMPT = " ".join(WORDS * 15)
STREAMED = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"

Event = Callable[[int, str], dict[str, object]]


def alike(_: int, text: str) -> dict[str, object]:
    """As vLLM writes its events."""
    choice = {"index": 0, "delta": {"content": text}, "logprobs": None, "finish_reason": None, "token_ids": None}
    facts = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1700000000, "model": "gpt-4o-mini"}
    return {**facts, "choices": [choice]}


def numbered(seq: int, text: str) -> dict[str, object]:
    """As the bench's engine does: two numbers differ."""
    return {"seq": seq, "at": seq * 20_000_000, **alike(seq, text)}


def padded(seq: int, text: str) -> dict[str, object]:
    """As OpenAI does: some padding that differs, so that each event has to be read."""
    return {**alike(seq, text), "obfuscation": random.Random(seq).randbytes(6).hex()}  # noqa: S311 - like it, no secret


def counted(seq: int, text: str) -> dict[str, object]:
    """With the usage so far, which has to be read, too."""
    return {**alike(seq, text), "usage": {"prompt_tokens": 120, "completion_tokens": seq + 1}}


FORMS: dict[str, Event] = {"alike": alike, "numbered": numbered, "padded": padded, "with usage": counted}


class Nowhere:
    """Counts the records."""

    def __init__(self) -> None:
        self.written = 0

    def accept(self, measurement: Measurement, key: Key) -> None:
        self.written += 1

    def known(self, key: Key) -> bool:
        return False


def opening(stream: bool) -> list[tuple[int, bytes]]:
    """The pieces of a request of 1 KB."""
    body = orjson.dumps({"model": "gpt-4o-mini", "stream": stream, "messages": [{"role": "user", "content": PROMPT}]})
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: e:8000\r\nX-Request-Id: 0123456789abcdef\r\n"
    head += b"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    return [
        (frames.REQUEST_HEAD, frames.opening(0, 1, b"http://e:8000", head)),
        (frames.REQUEST_BODY, body),
        (frames.REQUEST_END, b""),
    ]


def told(number: int, at: int, pieces: list[tuple[int, bytes]]) -> bytes:
    """A frame of the tap; its pieces came 20 ms after one another."""
    stamps = array("q", [at + place * 20_000_000 for place in range(len(pieces))])
    return frames.pieces(number, bytes(kind for kind, _ in pieces), stamps, [blob for _, blob in pieces])


def streams(event: Event) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """The frames that begin, go on with and end all streams."""
    words = [" " + WORDS[seq % len(WORDS)] for seq in range(CHUNKS)]
    chunks = [chunk(b"data: %b\n\n" % orjson.dumps(event(seq, words[seq]))) for seq in range(CHUNKS)]
    begin = [told(number, 0, [*opening(stream=True), (frames.RESPONSE_HEAD, STREAMED)]) for number in range(STREAMS)]
    middle = [
        told(number, seq * 20_000_000, [(frames.RESPONSE_BODY, blob) for blob in chunks[seq : seq + AT_A_TIME]])
        for seq in range(0, CHUNKS, AT_A_TIME)
        for number in range(STREAMS)
    ]
    last = chunk(b"data: [DONE]\n\n") + last_chunk([])
    pieces = [(frames.RESPONSE_BODY, last), (frames.RESPONSE_END, b"")]
    return begin, middle, [told(number, CHUNKS * 20_000_000, pieces) for number in range(STREAMS)]


def whole() -> list[bytes]:
    """The frames of requests of 1 KB that are answered in one piece."""
    choice = {"index": 0, "message": {"role": "assistant", "content": PROMPT}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 120, "completion_tokens": 120}
    body = orjson.dumps({"id": "a", "model": "gpt-4o-mini", "choices": [choice], "usage": usage})
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body)
    answer = [(frames.RESPONSE_HEAD, head), (frames.RESPONSE_BODY, body), (frames.RESPONSE_END, b"")]
    return [told(number, 0, [*opening(stream=False), *answer]) for number in range(REQUESTS)]


class Observer:
    """All that reads and counts, with tiktoken, as an observer has it by default."""

    def __init__(self) -> None:
        store, self.records = Store(), Nowhere()
        tokenizers = Tokenizers([], store.tokenizer_took, print, None, lambda _: None)
        pipeline = Pipeline(
            lambda: Exchange(table.find),
            Recorder("bench"),
            tokenizers.counter,
            self.records,
            (store,),
            store,
            ThreadPoolExecutor(1),
            lambda call: call(),
            own_counts=1.0,
        )
        self._intake = Intake(pipeline)
        self._transport = MemoryTransport(self._intake)
        self._intake.data_received(frames.frame(frames.HELLO, b'{"relay": "bench"}'))

    def took(self, told: list[bytes]) -> float:
        """Microseconds of this thread for all these frames."""
        reads = [b"".join(told[at : at + FRAMES]) for at in range(0, len(told), FRAMES)]
        started = time.thread_time_ns()
        for data in reads:
            self._intake.data_received(data)
        self._transport.sent = b""
        return (time.thread_time_ns() - started) / 1000


def main() -> None:
    """Measures and prints, the best of some rounds each."""
    Observer().took(whole()[:FRAMES])  # the vocabulary
    print(f"a stream of {CHUNKS} chunks, {AT_A_TIME} at a time beside {STREAMS - 1} others, µs per chunk:")
    for name, event in FORMS.items():
        parts = streams(event)
        rounds = []
        for _ in range(ROUNDS):
            observer = Observer()
            rounds.append([observer.took(part) / STREAMS for part in parts])
            assert observer.records.written == STREAMS
        begin, middle, end = min(rounds, key=sum)
        print(
            f"  {name:10} {middle / CHUNKS:5.2f} read, {(begin + middle + end) / CHUNKS:5.2f} with all else"
            f" (request {begin:.0f}, end {end:.0f} µs a stream)"
        )
    requests = whole()
    print(f"a request of 1 KB: {min(Observer().took(requests) for _ in range(ROUNDS)) / REQUESTS:.0f} µs")


if __name__ == "__main__":
    main()
