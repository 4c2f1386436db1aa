"""The pure core: orders, matching, positions, margin. No I/O, no clock, no float; the time is passed in."""
