"""HTTP/1.1 and server-sent events as values, without sockets or clocks."""
