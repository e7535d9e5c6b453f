"""Check digits of tracking numbers: a carrier claims a number only when its digit is right."""

from __future__ import annotations


def mod10_3_1(digits: str) -> bool:
    """The last digit completes the sum to a multiple of ten, weights 3, 1, 3… from the right (GS1; USPS IMpb)."""
    *body, check = (int(digit) for digit in digits)
    total = sum(value * (3 if index % 2 == 0 else 1) for index, value in enumerate(reversed(body)))
    return (10 - total % 10) % 10 == check


def mod7(digits: str) -> bool:
    """The last digit is the rest of the others' number divided by seven (DHL Express waybills, Japanese carriers)."""
    return int(digits[:-1]) % 7 == int(digits[-1])


def s10(number: str) -> bool:
    """UPU S10: two letters, eight digits, a check digit, the country (weights 8 6 4 2 3 5 9 7, modulo 11)."""
    digits = [int(digit) for digit in number[2:11]]
    rest = 11 - sum(value * weight for value, weight in zip(digits, (8, 6, 4, 2, 3, 5, 9, 7), strict=False)) % 11
    return digits[8] == {10: 0, 11: 5}.get(rest, rest)


def ups_1z(number: str) -> bool:
    """UPS ``1Z`` numbers: letters count as (code - 63) modulo 10, odd places once, even places twice."""
    return _mod10_1_2([int(char) if char.isdigit() else (ord(char) - 63) % 10 for char in number[2:]])


def ups_waybill(number: str) -> bool:
    """UPS waybills: a letter that does not count, and ten digits as ``ups_1z``."""
    return _mod10_1_2([int(digit) for digit in number[1:]])


def ontrac(number: str) -> bool:
    """OnTrac: C counts as 4 and D as 5 before the fourteen digits, weights as ``ups_1z``."""
    return _mod10_1_2([{"C": 4, "D": 5}[number[0]], *(int(digit) for digit in number[1:])])


def impb_special(digits: str) -> bool:
    """The 20 digits of USPS' special services: as GS1, on some forms together with the ``91`` that is printed apart
    (USPS Publication 199)."""
    return mod10_3_1(digits) or mod10_3_1("91" + digits)


def fedex_express(digits: str) -> bool:
    """FedEx' twelve digits: weights 3 1 7 repeated over the first eleven, modulo 11, modulo 10."""
    total = sum(int(digit) * (3, 1, 7)[index % 3] for index, digit in enumerate(digits[:-1]))
    return total % 11 % 10 == int(digits[-1])


def fedex_long(digits: str) -> bool:
    """FedEx' barcodes of 34 digits: weights 1 7 3 repeated over the thirteen before the last, modulo 11, modulo 10."""
    total = sum(int(digit) * (1, 7, 3)[index % 3] for index, digit in enumerate(digits[-14:-1]))
    return total % 11 % 10 == int(digits[-1])


def fedex_ground_96(digits: str) -> bool:
    """FedEx Ground's 22 digits: the last fifteen as GS1."""
    return mod10_3_1(digits[-15:])


def identcode(digits: str) -> bool:
    """DHL Paket's twelve digits: weights 4 9 repeated over the first eleven, modulo 10.

    One in ten FedEx numbers passes by chance; what fits FedEx, which uses twelve digits far more often, is left to it.
    """
    total = sum(int(digit) * (4, 9)[index % 2] for index, digit in enumerate(digits[:-1]))
    return -total % 10 == int(digits[-1]) and not fedex_express(digits)


def gls(digits: str) -> bool:
    """GLS' twelve digits: weights 3 1 repeated over the first eleven, plus one, modulo 10 (GLS Uni-Box, 3.2.1).

    What fits the more common FedEx and DHL as well is left to them.
    """
    total = 1 + sum(int(digit) * (3, 1)[index % 2] for index, digit in enumerate(digits[:-1]))
    return -total % 10 == int(digits[-1]) and not fedex_express(digits) and not identcode(digits)


def mod37_36(number: str) -> bool:
    """ISO/IEC 7064, MOD 37,36: digits and capitals, the check character last (DPD's labels)."""
    product = 36
    for char in number[:-1]:
        product = ((product + int(char, 36)) % 36 or 36) * 2 % 37
    return (product + int(number[-1], 36)) % 36 == 1


def luhn(digits: str) -> bool:
    """The Luhn sum (ISO/IEC 7812-1, annex B)."""
    total = 0
    for index, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if index % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _mod10_1_2(values: list[int]) -> bool:
    *body, check = values
    total = sum(body[0::2]) + 2 * sum(body[1::2])
    return (10 - total % 10) % 10 == check
