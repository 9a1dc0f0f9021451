"""Work that outlives page and server: jobs are processes of their own, in a queue that stays on the disk."""
