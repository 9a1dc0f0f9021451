"""What an example is, both ways, one modality a file."""
