"""Whether the storage holds what the database says, and nothing else; and what can be done about it."""
