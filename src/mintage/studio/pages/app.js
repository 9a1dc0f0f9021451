// The shell of the studio.
