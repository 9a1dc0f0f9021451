"""What was made and kept: files that carry their own settings, in a gallery that loses nothing."""
