"""What players pay: adversarial losses and the penalties that keep them honest."""
