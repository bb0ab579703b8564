"""Count the images of several repositories at once: `list_asyncio.py team/app …`."""

import asyncio
import sys

import ecrimages


async def main() -> None:
    """List all repositories concurrently."""
    async with ecrimages.AsyncClient() as client:

        async def count(name: str) -> int:
            return len([image async for image in client.describe_images(name)])

        counts = await asyncio.gather(*map(count, sys.argv[1:]))
    for name, images in zip(sys.argv[1:], counts, strict=True):
        print(name, images)


asyncio.run(main())
