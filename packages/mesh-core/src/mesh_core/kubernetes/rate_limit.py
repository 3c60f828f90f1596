"""A token bucket: how soon the next request may leave."""


class RateLimit:
    """Lets `burst` requests go at once and `rate` a second in the long run. Pure: time goes in."""

    def __init__(self, rate: float, burst: int, now: float) -> None:
        """Begin with a full bucket."""
        if rate <= 0 or burst < 1:
            msg = f"a rate of {rate} a second with a burst of {burst} lets nothing through"
            raise ValueError(msg)
        self._rate = rate
        self._burst = burst
        self._tokens = float(burst)
        self._at = now

    def take(self, now: float) -> float:
        """Take a place in the line and give the seconds to wait for it."""
        elapsed = max(0.0, now - self._at)
        self._tokens = min(self._burst, self._tokens + elapsed * self._rate)
        self._at = now
        self._tokens -= 1
        return max(0.0, -self._tokens / self._rate)
