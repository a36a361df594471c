"""PostgreSQL and SeaweedFS, started from wheels for `matinee dev`, the demo and the tests."""
