"""The circle against the simplex: costs, angles, phases, ranks."""
