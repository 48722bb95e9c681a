try: from ._telemetry_inject import _tlm
except (ImportError, KeyError):
    try: from _telemetry_inject import _tlm
    except ImportError: from contextlib import nullcontext as _tlm
async def fetch(source):
    with _tlm("fetch"):
        async with source as rows:
            async for row in rows:
                await row.load(await source.key())
        return [x async for x in rows if await x]


def rows(path):
    with _tlm("rows"):
        with open(path) as lines:
            received = yield from lines
        yield received


async def stream(source):
    with _tlm("stream"):
        async for row in source:
            yield await row
