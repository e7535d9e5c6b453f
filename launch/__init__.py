"""Starting Crossdock: the embedded servers, the processes and their supervision, and the command line."""
