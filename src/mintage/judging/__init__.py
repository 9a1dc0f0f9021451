"""The judge: gathers the evidence, has it measured, and keeps what was found under a protocol that can be compared."""
