"""The exercise of the page on new environments."""

import numpy as np

from neuralcollapse.geometry import simplex_etf

_STEP = 1e-3


def check_antipode(curvature):
    """Try a function that gives the curvature of cross-entropy at the wrong end of the sphere.

    Parameters
    ----------
    curvature : callable
        ``curvature(num_classes, temperature)`` returns the second derivative, at the angle 0, of
        the cross-entropy of a unit feature that turns away from minus the vertex of its class.

    Raises
    ------
    AssertionError
        If a value is off; the message says where.

    Examples
    --------
    >>> def curvature(num_classes, temperature):
    ...     far = num_classes - 1
    ...     wrong = far / (far + np.exp(-num_classes / far / temperature))
    ...     return wrong * num_classes / far / temperature * (1 / far / temperature - 1)
    >>> check_antipode(curvature)
    right for 4 numbers of classes and 3 temperatures
    """
    for num_classes in (3, 4, 6, 10):
        vertices = simplex_etf(num_classes)
        across = vertices[1] - vertices[2]
        across /= np.linalg.norm(across)
        for temperature in (0.05, 0.4, 2.0):
            around = [
                _loss(vertices, np.sin(angle) * across - np.cos(angle) * vertices[0], temperature)
                for angle in (-_STEP, 0.0, _STEP)
            ]
            expected = (around[0] - 2 * around[1] + around[2]) / _STEP**2
            found = curvature(num_classes, temperature)
            assert np.isclose(found, expected, rtol=1e-3, atol=1e-4), (
                f"K = {num_classes}, temperature {temperature}: expected about {expected:.4g}, "
                f"got {found:.4g}"
            )
    print("right for 4 numbers of classes and 3 temperatures")


def _loss(vertices, feature, temperature):
    logits = vertices @ feature / temperature
    return np.logaddexp.reduce(logits) - logits[0]
