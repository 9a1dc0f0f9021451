"""What every page and every HTTP answer of Mintage stands behind; it knows no run."""
