"""REST as Bybit V5 speaks it: signatures over raw bytes, limits, envelopes, routes."""
