"""The tests mirror the folders of the source; names are sentences."""
