"""A GAN in two dimensions, run by the same engine as any other, where every part of it can be seen."""
