"""What was done that matters to security: `await audit.record(db, what, target, …)` where it is done."""

from matinee.modules.audit.recording import record, record_often

__all__ = ["record", "record_often"]
