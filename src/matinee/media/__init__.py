"""Everything about video that knows no HTTP and no SQL: probe, plan, encode."""
