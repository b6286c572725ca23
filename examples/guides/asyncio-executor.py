# region executor
import asyncio


def cpu_bound(limit):
    return sum(i * i for i in range(limit))


async def main():
    loop = asyncio.get_running_loop()
    result = await loop.run_in_executor(None, cpu_bound, 10_000)
    print(result)


asyncio.run(main())
# endregion executor
