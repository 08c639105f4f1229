"""One-pass projected gradient descent of one neuron as one would write it in numpy or torch, many runs side by side."""
import math

import numpy as np

try:
    import torch
    torch.set_num_threads(1)
except ImportError:
    torch = None

ALPHA, SPIKE, SIGNAL, REST = 0.7, math.sqrt(5.0), math.sqrt(10.0 / 11.0), math.sqrt(1.0 / 11.0)
AMPLITUDE, GAIN, DELTA = 0.2, 2.0, 1.0


class Numpy:
    """u and v are the first two axes; x_0 and the noise are drawn in full."""

    def __init__(self, dimension, runs):
        self.random = np.random.Generator(np.random.SFC64(1))
        self.weights = self.normal((runs, dimension))
        self.weights /= np.sqrt((self.weights**2).sum(1, keepdims=True))

    def normal(self, shape):
        return self.random.standard_normal(shape, dtype=np.float32)

    def step(self):
        w = self.weights
        runs, dimension = w.shape
        clean = self.normal((runs, dimension))
        clean[:, 0] += SPIKE * self.normal(runs)
        clean[:, 1] = SIGNAL * (2 * self.random.integers(0, 2, runs) - 1) + REST * clean[:, 1]
        noisy = math.sqrt(ALPHA) * clean + math.sqrt(1 - ALPHA) * self.normal((runs, dimension))
        t = np.tanh(GAIN * np.einsum('ij,ij->i', w, noisy))
        rest = clean - math.sqrt(ALPHA) * noisy
        sigma = AMPLITUDE * t
        pull = (np.einsum('ij,ij->i', w, rest) - sigma) * (AMPLITUDE * GAIN) * (1 - t * t)
        g = sigma[:, None] * rest + pull[:, None] * noisy
        w = w + DELTA / dimension * (g - np.einsum('ij,ij->i', w, g)[:, None] * w)
        self.weights = w / np.sqrt(np.einsum('ij,ij->i', w, w))[:, None]

    def overlaps(self):
        return self.weights[:, 0]


class Torch:
    def __init__(self, dimension, runs):
        torch.manual_seed(1)
        self.weights = torch.nn.functional.normalize(torch.randn(runs, dimension))
        self.noise = torch.empty(runs, dimension)
        self.clean = torch.empty(runs, dimension)

    @torch.inference_mode() if torch else lambda step: step
    def step(self):
        w = self.weights
        runs, dimension = w.shape
        clean = self.clean.normal_()
        clean[:, 0] += SPIKE * torch.randn(runs)
        clean[:, 1] = SIGNAL * (2.0 * torch.randint(0, 2, (runs,)) - 1.0) + REST * clean[:, 1]
        noisy = self.noise.normal_().mul_(math.sqrt(1 - ALPHA)).add_(clean, alpha=math.sqrt(ALPHA))
        t = torch.tanh(GAIN * (w * noisy).sum(1))
        rest = torch.add(clean, noisy, alpha=-math.sqrt(ALPHA))
        sigma = AMPLITUDE * t
        pull = ((w * rest).sum(1) - sigma) * (AMPLITUDE * GAIN) * (1 - t * t)
        g = rest.mul_(sigma[:, None]).addcmul_(pull[:, None], noisy)
        along = (w * g).sum(1, keepdim=True)
        w = w + DELTA / dimension * g.addcmul_(along, w, value=-1)
        self.weights = w / w.norm(dim=1, keepdim=True)

    def overlaps(self):
        return self.weights[:, 0].numpy()


KINDS = {'numpy': Numpy, 'torch': Torch}
