"""An independent oracle for separation: the extreme rays of the recession cone, by enumeration.

Every extreme ray of ``{d: z_i'd >= 0}`` (the z spanning all of space) is orthogonal to p − 1
independent rows, so that solving for every choice of p − 1 rows, in fractions, finds them all. What
the package calls the sign of a coefficient is the signs that occur among the rays.
"""

from fractions import Fraction
from itertools import combinations


def null_vector(rows, p):
    """The direction orthogonal to all rows, None where there is none or more than one."""
    rows, pivots = [list(row) for row in rows], []
    for column in range(p):
        at = len(pivots)
        pick = next((i for i in range(at, len(rows)) if rows[i][column]), None)
        if pick is None:
            continue
        rows[at], rows[pick] = rows[pick], rows[at]
        rows[at] = [value / rows[at][column] for value in rows[at]]
        for i in range(len(rows)):
            if i != at and rows[i][column]:
                rows[i] = [a - rows[i][column] * b for a, b in zip(rows[i], rows[at], strict=True)]
        pivots.append(column)
    free = [column for column in range(p) if column not in pivots]
    if len(free) != 1:
        return None
    direction = [Fraction(0)] * p
    direction[free[0]] = Fraction(1)
    for i, column in enumerate(pivots):
        direction[column] = -rows[i][free[0]]
    return direction


def product(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True))


def extreme_rays(Z, p):
    rays = set()
    for chosen in combinations(Z, p - 1):
        found = null_vector(chosen, p)
        for sign in (1, -1) if found else ():
            ray = [sign * value for value in found]
            if all(product(z, ray) >= 0 for z in Z):
                size = max(abs(value) for value in ray)
                rays.add(tuple(value / size for value in ray))
    return rays


def decide(X, y, trials):
    """Whether rows are separated, the signs that each coefficient takes, and which rows are."""
    rows = [[Fraction(float(value)) for value in row] for row in X]
    Z = {}
    for row, events, m in zip(rows, y, trials, strict=True):
        if events > 0:
            Z[tuple(row)] = None
        if events < m:
            Z[tuple(-value for value in row)] = None
    p = len(rows[0])
    rays = extreme_rays(list(Z), p)
    signs = [
        "".join(
            s for s, has in zip("+-", (1, -1), strict=True) if any(has * r[j] > 0 for r in rays)
        )
        for j in range(p)
    ]
    separated = [any(product(row, ray) != 0 for ray in rays) for row in rows]
    return bool(rays), signs, separated
