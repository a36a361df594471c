"""What Prometheus reads of the requests."""

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from matinee.common.http.traffic import Traffic


@pytest.fixture
def registry() -> CollectorRegistry:
    """Nobody else's."""
    return CollectorRegistry()


@pytest.fixture
def traffic(registry: CollectorRegistry) -> Traffic:
    """Registered, and without a request yet."""
    traffic = Traffic()
    registry.register(traffic)
    return traffic


class TestTraffic:
    def test_answers_are_counted_by_operation_and_status(self, traffic: Traffic, registry: CollectorRegistry) -> None:
        """Each pair is a series of its own."""
        for status in (200, 200, 404):
            traffic.count("get_video", status, 0.01)
        labels = {"operation": "get_video", "status": "200"}
        assert registry.get_sample_value("matinee_requests_total", labels) == 2
        assert registry.get_sample_value("matinee_requests_total", {**labels, "status": "404"}) == 1

    def test_times_fall_into_the_buckets_that_hold_them(self, traffic: Traffic, registry: CollectorRegistry) -> None:
        """A bucket holds what is not above its bound, and all of the smaller ones."""
        for seconds in (0.001, 0.005, 0.0051, 7.0, 60.0):
            traffic.count("me", 200, seconds)

        def held(bound: str) -> float | None:
            return registry.get_sample_value("matinee_request_seconds_bucket", {"operation": "me", "le": bound})

        assert [held(bound) for bound in ("0.005", "0.01", "5.0", "7.5", "10.0", "+Inf")] == [2, 3, 3, 4, 4, 5]
        assert registry.get_sample_value("matinee_request_seconds_count", {"operation": "me"}) == 5
        total = registry.get_sample_value("matinee_request_seconds_sum", {"operation": "me"})
        assert total == pytest.approx(67.0111)

    def test_those_in_flight_are_a_number(self, traffic: Traffic, registry: CollectorRegistry) -> None:
        """Also when there is none."""
        assert registry.get_sample_value("matinee_requests_in_flight") == 0
        traffic.in_flight += 2
        assert registry.get_sample_value("matinee_requests_in_flight") == 2

    def test_both_formats_can_be_written(self, traffic: Traffic, registry: CollectorRegistry) -> None:
        """Prometheus asks for the newer one."""
        traffic.count("me", 200, 0.001)
        line = b'matinee_requests_total{operation="me",status="200"} 1.0\n'
        assert line in generate_latest(registry)
        assert line in generate_openmetrics(registry)
