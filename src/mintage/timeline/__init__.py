"""Tables with a time line: stamps, lines without gaps, what changes from step to step, the calendar."""
