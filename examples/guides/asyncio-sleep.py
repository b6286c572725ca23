# region sleep
import asyncio


async def display_ticks():
    loop = asyncio.get_running_loop()
    end_time = loop.time() + 0.05
    while True:
        print('tick')
        if (loop.time() + 0.03) >= end_time:
            break
        await asyncio.sleep(0.03)


asyncio.run(display_ticks())
# endregion sleep
