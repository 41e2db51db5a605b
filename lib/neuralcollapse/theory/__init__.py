"""Floor 3: optima, thresholds and laws in closed form; numpy and scipy only, float64."""
