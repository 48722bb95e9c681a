async def fetch(source):
    async with source as rows:
        async for row in rows:
            await row.load(await source.key())
    return [x async for x in rows if await x]


def rows(path):
    with open(path) as lines:
        received = yield from lines
    yield received


async def stream(source):
    async for row in source:
        yield await row
