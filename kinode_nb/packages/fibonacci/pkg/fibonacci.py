"""fibonacci:fibonacci:template.os: answers with Fibonacci's numbers, and says how long it took."""

import asyncio
import time

from kinode_nb import wit
from kinode_nb.process_lib import Our, Request, SendError

from .api.fibonacci import Request as Asked
from .api.fibonacci import Response as Answer
from .doubling import nth_number

_BREATH = 1024  # trials between two turns of the others


async def init(our: Our) -> None:
    """Calculate until the process ends."""
    print("begin")
    async for message in our:
        if isinstance(message, SendError):
            print(f"got SendError: {message.kind}")
        elif not isinstance(message, Request):
            print("got error while handling message: expected a request")
        else:
            try:
                await _answer(our, message)
            except (wit.WitError, ValueError) as error:
                print(f"got error while handling message: {error}")


async def _answer(our: Our, request: Request) -> None:
    response: Answer | None = None
    match wit.decode(Asked, request.body):
        case Asked.Number(number):
            start = time.perf_counter_ns()
            result = nth_number(number)
            took = time.perf_counter_ns() - start
            print(f"fibonacci({number}) = {result}; {took}ns")
            response = Answer.Number(result)
        case Asked.Numbers((number, trials)):
            result = nth_number(number)
            mean, deviation = await _measured(number, trials)
            print(
                f"fibonacci({number}) = {result}; {mean}±{deviation}ns averaged over "
                f"{trials} trials"
            )
            response = Answer.Numbers((result, trials))
    if request.expects_response is not None or request.rsvp is not None:
        await our.send_response(response, to=request)


async def _measured(number: int, trials: int) -> tuple[int, int]:
    """Return the mean time of the trials and their mean deviation from it, in nanoseconds."""
    if trials == 0:  # the template divides by it, and ends
        raise ValueError("there must be a trial to average over")
    times = []
    for trial in range(trials):
        start = time.perf_counter_ns()
        nth_number(number)
        times.append(time.perf_counter_ns() - start)
        if trial % _BREATH == _BREATH - 1:
            await asyncio.sleep(0)
    mean = sum(times) // trials
    return mean, sum(abs(each - mean) for each in times) // trials
