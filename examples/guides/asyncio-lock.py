# region lock
import asyncio


async def main():
    lock = asyncio.Lock()

    async def worker(name):
        async with lock:
            print(name, 'has it')
            await asyncio.sleep(0.01)
        print(name, 'gave it back')

    await asyncio.gather(worker('Ann'), worker('Bob'))


asyncio.run(main())
# endregion lock
