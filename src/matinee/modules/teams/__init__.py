"""Teams: accounts that nobody signs in to. Who belongs to which, with which role, and how people are invited."""
