"""The private and the public socket."""
