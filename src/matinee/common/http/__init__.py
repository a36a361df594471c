"""The contract layer: typed operations over Starlette, problem details, limits, idempotency."""
