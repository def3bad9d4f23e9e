"""Where the parts are put together: the entry of each process, and the plan of all of them."""
