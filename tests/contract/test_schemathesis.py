"""Requests generated from the contract, valid and not, against the running server: every answer is documented."""

from collections.abc import Mapping
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import CheckContext, load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure
from schemathesis.core.transport import Response
from schemathesis.generation.feedback import NO_FEEDBACK
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.schemas import APIOperation
from schemathesis.specs.openapi.checks import positive_data_acceptance
from tests.contract.stage import Person, Stage

from matinee.app import export_contract

load_all_checks()
schemathesis.serializer.alias("application/offset+octet-stream", "application/octet-stream")
OPTIONS = {
    "seed": 1,
    "max-stream-events": 1,  # a video's events may go on for an hour
    "request-timeout": 20,
    "generation": {"deterministic": True, "max-examples": 6, "no-shrink": True},
    "checks": {
        # 503: a cell that nobody encodes, a poster that the storage lost
        "not_a_server_error": {"expected-statuses": ["2xx", "3xx", "4xx", "503"]},
        # 413 among them: what has more items than it may can be too many bytes, too
        "negative_data_rejection": {"expected-statuses": ["4xx", "5xx"]},
    },
}
CONTRACT = export_contract()
OPERATIONS = [operation["operationId"] for methods in CONTRACT["paths"].values() for operation in methods.values()]
schema = schemathesis.openapi.from_dict(CONTRACT, config=SchemathesisConfig.from_dict(OPTIONS))
# Others are refused before anything is read, or let in as an administrator is: their bounds need no trying besides.
without_bounds = schemathesis.openapi.from_dict(
    CONTRACT, config=SchemathesisConfig.from_dict({**OPTIONS, "phases": {"coverage": {"enabled": False}}})
)


def well_formed_data_is_understood(ctx: CheckContext, response: Response, case: schemathesis.Case[Any]) -> None:
    """What fits the contract's schemas is never refused for its form; it may be for what it means.

    Schemathesis' own check knows statuses alone, and 422 is also the answer to a cursor that we never gave out.
    """
    refused = response.status_code in (400, 413, 415, 422)
    if case.meta is None or not case.meta.generation.mode.is_positive or not refused:
        return
    code = response.json()["code"]
    if code in ("malformed_request", "validation_failed", "unsupported_media_type", "invalid_idempotency_key"):
        raise Failure(operation=case.operation.label, title="Refused what the contract allows", message=response.text)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_answers_are_as_documented(
    operation: str, base_url: str, people: dict[str, Person | None], stage: Stage
) -> None:
    """No crash, nothing undocumented, whatever an administrator asks for."""
    _try(schema.find_operation_by_id(operation), {"admin": people["admin"]}, base_url, stage, max_examples=6)


@pytest.mark.parametrize("roles", [("anonymous", "another", "user"), ("key",)], ids=lambda roles: roles[-1])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_others_are_answered_as_documented(
    operation: str, roles: tuple[str, ...], base_url: str, people: dict[str, Person | None], stage: Stage
) -> None:
    """Nobody in particular, another user, at last the one whose the videos are; and his key with every scope."""
    callers = {role: people[role] for role in roles}
    _try(without_bounds.find_operation_by_id(operation), callers, base_url, stage, max_examples=2)


def _try(
    operation: APIOperation, callers: Mapping[str, Person | None], base_url: str, stage: Stage, max_examples: int
) -> None:
    """Every caller sends the same requests, which it is slow to think of.

    `schema.parametrize()` would think of all of them before the first test, in each process.
    """

    def validate(case: schemathesis.Case[Any]) -> None:
        stage.aim(case)
        for role, person in callers.items():
            print("asked by", role)  # shown where the test failed
            if person:
                case.headers.update(person.headers)  # else its checks think that a case is without Authorization
            case.call_and_validate(
                base_url=base_url,
                headers=person.headers if person else None,
                additional_checks=[well_formed_data_is_understood],
                excluded_checks=[positive_data_acceptance],
            )

    build_operation_test(
        config=operation.schema.config,
        operation=operation,
        test_func=validate,
        given_kwargs={},
        feedback=NO_FEEDBACK,
        explicit_settings=settings(suppress_health_check=list(HealthCheck), max_examples=max_examples),
    )()
