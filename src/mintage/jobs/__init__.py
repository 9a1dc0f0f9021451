"""Work that outlives the page and the server that ordered it: jobs are processes of their own, in a queue that stays."""
