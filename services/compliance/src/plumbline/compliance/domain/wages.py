"""What a line of a certified payroll earns, to the cent."""

OVERTIME_AFTER_MINUTES = 40 * 60
"""29 CFR 778: overtime is what one workweek has beyond 40 hours; nothing is owed for a long day."""


def earned_cents(total_minutes: int, overtime_minutes: int, base_cents: int, fringe_paid_cents: int) -> int:
    """Return the least gross of a worker's week: time at the base rate, half of it more for overtime, and fringe.

    Each printed line is rounded by itself, half up, because a reader adds up what is printed: 46.5 h at
    42.15 with 6.5 h overtime and 855.60 of fringe are 2,952.57, not the 2,952.56 of one rounding. Fringe
    benefits are not multiplied (29 CFR 5.32, to be confirmed).
    """
    base = _half_up(total_minutes * base_cents, 60)
    premium = _half_up(overtime_minutes * base_cents, 120)
    return base + premium + fringe_paid_cents


def least_earned_cents(
    total_minutes: int, overtime_minutes: int, base_cents: int, fringe_paid_cents: int
) -> int:
    """Return the least that somebody else's payroll may show for a worker's week: each usual rounding is right.

    Some round the sum, some straight time and overtime each, some base and premium each: of 46.5 h at 42.15
    the first two give 2,096.96 and the third 2,096.97, and nobody is underpaid by a rounding.
    """
    straight = total_minutes - overtime_minutes
    ways = (
        _half_up((2 * total_minutes + overtime_minutes) * base_cents, 120),
        _half_up(straight * base_cents, 60) + _half_up(3 * overtime_minutes * base_cents, 120),
        _half_up(total_minutes * base_cents, 60) + _half_up(overtime_minutes * base_cents, 120),
    )
    return min(ways) + fringe_paid_cents


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)
