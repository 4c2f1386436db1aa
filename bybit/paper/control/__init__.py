"""The operator's side: faults, control calls, read lag. Never part of V5."""
