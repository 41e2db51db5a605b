"""Floor 3: optima, thresholds and laws in closed form; no torch. Exact ones through sympy."""
