"""The loop as a person types it: thin faces over the session."""
