"""The numbers are right, also beyond 32 bits."""

from kinode_nb.process_lib import Our, tester

PROCESS = "fibonacci:fibonacci:template.os"
NUMBERS = {
    0: 0,
    1: 1,
    2: 1,
    5: 5,
    10: 55,
    20: 6765,
    30: 832_040,
    47: 2_971_215_073,
    93: 12_200_160_415_121_876_738,
}


@tester.test
async def init(our: Our, nodes: list[str]) -> None:
    """Ask for each number once, and for all of them several times."""
    for n, number in NUMBERS.items():
        answer = await our.send_and_await_response(PROCESS, {"Number": n})
        assert answer.json() == {"Number": number}
        answer = await our.send_and_await_response(PROCESS, {"Numbers": [n, 3]})
        assert answer.json() == {"Numbers": [number, 3]}
