"""What Matinee costs, measured: `make bench`, or `python -m bench api cells` for some of it."""
