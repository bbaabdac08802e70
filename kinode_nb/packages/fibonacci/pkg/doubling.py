"""Fibonacci's numbers, as 64 bits hold them."""

_BITS = (1 << 64) - 1


def nth_number(n: int) -> int:
    """Return the n-th number, F(0) = 0, exact up to n = 93; beyond, its last 64 bits.

    By doubling, bit by bit of n, since a process that counts to n for long would stop its node.
    """
    a, b = 0, 1  # F(k), F(k + 1)
    for bit in f"{n:b}":
        a, b = a * (2 * b - a) & _BITS, a * a + b * b & _BITS
        if bit == "1":
            a, b = b, a + b & _BITS
    return a
