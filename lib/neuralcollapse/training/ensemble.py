"""Networks of one architecture, their parameters stacked in a leading axis, trained as one."""

import copy

import numpy as np
import torch
from torch.func import functional_call, stack_module_state, vmap

WEIGHTS, ORDER = 0, 1  # streams of random numbers that a seed opens


def stream(seed, number):
    """Return a generator of its own for each seed and number, independent of the others.

    Parameters
    ----------
    seed, number : int
        At least 0. Torch keeps only 32 bits of a seed, so both are hashed together.

    Returns
    -------
    torch.Generator
    """
    state = np.random.SeedSequence([seed, number]).generate_state(1, np.uint32)[0]
    return torch.Generator().manual_seed(int(state))


class Ensemble:
    """Networks of one architecture with stacked parameters, called as one."""

    def __init__(self, build, seeds):
        members = [build(generator=stream(seed, WEIGHTS)) for seed in seeds]
        self.template = members[0]
        self._after_step = getattr(self.template, "after_step", None)
        parameters, self.buffers = stack_module_state(members)
        self.parameters = {
            name: stacked.detach().clone().requires_grad_() for name, stacked in parameters.items()
        }
        # The state goes through as arguments, so no member's own tensors are touched.
        call = lambda parameters, buffers, inputs: functional_call(  # noqa: E731
            self.template, (parameters, buffers), inputs
        )
        self._each = vmap(call)
        self._same = vmap(call, in_dims=(0, 0, None))

    def each(self, *inputs):
        """Return the output of every member for its own inputs, of shape (members, batch, ...)."""
        return self._each(self.parameters, self.buffers, inputs)

    def same(self, *inputs):
        """Return the output of every member for the same inputs, of shape (batch, ...)."""
        if len(next(iter(self.parameters.values()))) == 1:
            # A batch of one costs a fifth of a step more than the network itself.
            state = {name: stacked[0] for name, stacked in self.state.items()}
            output = functional_call(self.template, state, inputs)
            return type(output)(*(tensor[None] for tensor in output))
        return self._same(self.parameters, self.buffers, inputs)

    @property
    def state(self):
        """Parameters and buffers by name, stacked over the members."""
        return {**self.parameters, **self.buffers}

    @torch.no_grad()
    def after_step(self, features, labels):
        """Let the networks change their own state; features of shape (members, batch, ...)."""
        if self._after_step is not None:
            self._after_step(self.state, features, labels)

    @torch.no_grad()
    def evaluate(self, *inputs):
        """Return what `same` does, in evaluation mode and without gradients."""
        self.template.eval()
        output = self.same(*inputs)
        self.template.train()
        return output

    def members(self):
        """Return the networks, each with its own copy of its parameters, in evaluation mode."""
        networks = []
        for place in range(len(next(iter(self.parameters.values())))):
            network = copy.deepcopy(self.template)
            network.load_state_dict({name: value[place] for name, value in self.state.items()})
            networks.append(network.eval())
        return tuple(networks)
