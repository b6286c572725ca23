# region wait
import asyncio


async def answer(name, delay):
    await asyncio.sleep(delay)
    return name


async def main():
    tasks = {
        asyncio.create_task(answer('hare', 0.01)),
        asyncio.create_task(answer('tortoise', 60)),
    }
    done, pending = await asyncio.wait(
        tasks, return_when=asyncio.FIRST_COMPLETED
    )
    for task in done:
        print(task.result())
    for task in pending:
        task.cancel()
    print(len(pending), 'cancelled')


asyncio.run(main())
# endregion wait
