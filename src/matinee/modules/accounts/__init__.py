"""An account as a whole: closed, restored, erased."""
