"""What signing in asks for beside the password: codes of an app, and recovery codes."""
