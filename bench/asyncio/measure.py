"""What the same jobs cost in CPython's asyncio. Prints JSON: microseconds of processor time for each job.

Argument: asyncio or uvloop.
"""

import asyncio
import gc
import json
import platform
import statistics
import sys
import time

MINUTE = 60
ROUNDS = 9


async def work():
    await asyncio.sleep(0)
    return 1


async def spawn_all(count):
    async with asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(work())


async def spawn(count):
    for _ in range(count // 100):
        await spawn_all(100)


async def gather_ten(count):
    for _ in range(count):
        await asyncio.gather(*(work() for _ in range(10)))


async def limit(count):
    for _ in range(count):
        async with asyncio.timeout(MINUTE):
            await work()


async def lock(count):
    lock = asyncio.Lock()
    for _ in range(count):
        async with lock:
            pass


async def queue(count):
    queue = asyncio.Queue(16)

    async def put():
        for at in range(count):
            await queue.put(at)

    async def get():
        for _ in range(count):
            await queue.get()

    await asyncio.gather(put(), get())


async def event(count):
    event = asyncio.Event()
    waiters = [asyncio.create_task(event.wait()) for _ in range(count)]
    await asyncio.sleep(0)
    event.set()
    await asyncio.gather(*waiters)


def timed(loop, job, count):
    gc.collect()
    start = time.process_time()
    loop.run_until_complete(job(count))
    return (time.process_time() - start) / count * 1e6


def timed_cancel(loop, count):
    async def sleepers():
        tasks = [asyncio.create_task(asyncio.sleep(MINUTE)) for _ in range(count)]
        await asyncio.sleep(0)
        return tasks

    async def cancel(tasks):
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    tasks = loop.run_until_complete(sleepers())
    gc.collect()
    start = time.process_time()
    loop.run_until_complete(cancel(tasks))
    return (time.process_time() - start) / count * 1e6


JOBS = {
    "Spawn tasks and join them": (spawn, 100_000),
    "Spawn tasks and join them, all alive at once": (spawn_all, 100_000),
    "Gather 10": (gather_ten, 10_000),
    "A time limit around a short operation": (limit, 50_000),
    "Acquire and release a lock that nobody else wants": (lock, 200_000),
    "Put into a queue of 16, and get": (queue, 100_000),
    "Wake those who wait for one event": (event, 100_000),
}


def main(kind):
    if kind == "uvloop":
        import uvloop

        loop, version = uvloop.new_event_loop(), f"uvloop {uvloop.__version__}"
    else:
        loop, version = asyncio.new_event_loop(), f"asyncio of CPython {platform.python_version()}"
    values = {
        title: statistics.median(timed(loop, job, count) for _ in range(ROUNDS))
        for title, (job, count) in JOBS.items()
    }
    values["Cancel sleepers and wait for their end"] = statistics.median(
        timed_cancel(loop, 100_000) for _ in range(ROUNDS)
    )
    print(json.dumps({"version": version, "values": values}))


main(sys.argv[1])
