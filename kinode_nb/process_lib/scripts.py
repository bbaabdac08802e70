"""`script`: what a terminal's script is made with (Kinode's macro ``script!``)."""

from collections.abc import Awaitable, Callable

from kinode_nb.process_lib.our import Our
from kinode_nb.types import Request, ScriptError

Script = Callable[[Our, str], Awaitable[str | None]]
"""Takes its handle and its arguments, the text after its name; returns what it has to say."""


def script(run: Script) -> Callable[[Our], Awaitable[None]]:
    """Make a script's ``init`` of a function that gets the text typed after the script's name.

        @script
        async def init(our: Our, args: str) -> str:
            return f"{our.node} has read {args!r}"

    The first message brings the arguments (bytes that are no text are replaced). What the function
    returns is printed, unless it is empty; it is the Response instead, where one was expected.
    A ScriptError is said in the same way, and fails the line that was typed.
    """

    async def init(our: Our) -> None:
        first = await our.receive()
        if not isinstance(first, Request):
            return
        try:
            said = await run(our, first.body.decode(errors="replace")) or ""
        except ScriptError as error:
            if first.expects_response is not None:
                await our.send_response(str(error).encode(), to=first)
                error.told = True
            raise  # whoever runs the process prints it
        if first.expects_response is not None:
            await our.send_response(said.encode(), to=first)
        elif said:
            our.print_to_terminal(0, said)

    return init
