"""The data path: the only sockets that clients and engines see."""
