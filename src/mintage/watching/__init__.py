"""What a person looks at: grids, films, logs, reports."""
