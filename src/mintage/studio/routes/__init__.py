"""What the pages ask of the server, one subject a file."""
