"""The requests of this process, counted for Prometheus.

In plain dictionaries, which become metrics when somebody asks: the client library's own counters take locks and
16 µs a request, these take 2. All of it happens on the event loop's thread.
"""

import math
import time
from bisect import bisect_left
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import REGISTRY, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

_BOUNDS = Histogram.DEFAULT_BUCKETS  # seconds, the last is infinite


class _Times:
    """How long the requests of an operation took."""

    __slots__ = ("counts", "seconds")

    def __init__(self) -> None:
        self.counts = [0] * len(_BOUNDS)  # up to each bound, and past the one before
        self.seconds = 0.0


class Traffic(Collector):
    """Requests in flight, and those answered, by operation and status."""

    def __init__(self) -> None:
        self.in_flight = 0
        self._since = time.time()
        self._answered: dict[tuple[str, int], int] = {}
        self._times: dict[str, _Times] = {}

    def count(self, operation: str, status: int, seconds: float) -> None:
        """A request was answered; a status of 0 says that it was not."""
        self._answered[operation, status] = self._answered.get((operation, status), 0) + 1
        times = self._times.get(operation)
        if times is None:
            times = self._times[operation] = _Times()
        times.counts[bisect_left(_BOUNDS, seconds)] += 1
        times.seconds += seconds

    def collect(self) -> Iterator[Metric]:
        """The metrics as they are now."""
        requests = CounterMetricFamily("matinee_requests", "Requests answered.", labels=["operation", "status"])
        for (operation, status), number in self._answered.items():
            requests.add_metric([operation, str(status)], number, created=self._since)
        yield requests
        yield GaugeMetricFamily(
            "matinee_requests_in_flight", "Requests that are not answered yet.", value=self.in_flight
        )
        seconds = HistogramMetricFamily(
            "matinee_request_seconds", "Time from request to the end of its answer.", labels=["operation"]
        )
        for operation, times in self._times.items():
            buckets = [
                ("+Inf" if bound == math.inf else str(bound), number)
                for bound, number in zip(_BOUNDS, accumulate(times.counts), strict=True)
            ]
            seconds.add_metric([operation], buckets, times.seconds)
            seconds.add_sample("matinee_request_seconds_created", {"operation": operation}, self._since)
        yield seconds


TRAFFIC = Traffic()
REGISTRY.register(TRAFFIC)
