"""Small geometry on the sphere."""

from math import asin, cos, degrees, radians, sin, sqrt

EARTH_RADIUS_M = 6371008.8


def metres_between(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    """Great-circle distance in metres (haversine; within 0.5 % of the ellipsoid)."""
    a, b = radians(lat_a), radians(lat_b)
    h = sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(radians(lon_b - lon_a) / 2) ** 2
    return 2 * EARTH_RADIUS_M * asin(sqrt(h))


def reach(lat: float, metres: float) -> tuple[float, float]:
    """Degrees of longitude and latitude within which everything lies that is so near (10 m more, for rounding)."""
    high = degrees((metres + 10) / EARTH_RADIUS_M)
    return high / max(cos(radians(lat)), 0.01), high
