"""The networks in torch, as nets.hpp describes them: fast ways to write them that a torch user has."""
import torch
import torch.nn.functional as F
from torch import nn

# Where the axes of a weight stand in our layout: [inputs][outputs], neighbouring places one after the other in each.
LAYOUT = {nn.Linear: (1, 0), nn.Conv1d: (2, 1, 0), nn.ConvTranspose1d: (0, 2, 1)}


class Perceptron(nn.Module):
    def __init__(self, _):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in ((64, 256), (256, 256), (256, 64)))

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = F.gelu(layer(x))
        return self.layers[-1](x)

    @staticmethod
    def input(x):
        return x.view(-1, 64)

    @staticmethod
    def loss(output, target):
        return F.mse_loss(output, target.view(output.shape))


class LinearUNet(nn.Module):
    """Kernel and stride are both two, so each convolution is a Linear on reshaped memory: what a careful user writes."""

    def __init__(self, channels):
        super().__init__()
        self.channels = channels
        shapes = ((2 * channels, 64), (128, 128), (256, 256), (256, 256), (256, 128), (128, 128), (64, 16))
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in shapes)

    def forward(self, x):
        e1, e2, e3, u3, u2, u1, head = self.layers
        rows = x.shape[0]
        a = F.gelu(e1(x.view(rows, 4, -1)))
        b = F.gelu(e2(a.view(rows, 2, -1)))
        y = F.gelu(u3(F.gelu(e3(b.view(rows, 1, -1)))))
        y = F.gelu(u2(torch.cat([y.view(rows, 2, 128), b], 2)))
        y = F.gelu(u1(torch.cat([y.view(rows, 4, 64), a], 2)))
        return head(y.view(rows, 8, 64))

    def input(self, x):
        return x.view(-1, 8, self.channels)

    @staticmethod
    def loss(output, target):
        return F.cross_entropy(output.flatten(0, 1), target)


class ConvUNet(nn.Module):
    """As the papers write it."""

    def __init__(self, channels):
        super().__init__()
        self.channels = channels
        down = [nn.Conv1d(a, b, 2, 2) for a, b in ((channels, 64), (64, 128), (128, 256))]
        up = [nn.ConvTranspose1d(a, b, 2, 2) for a, b in ((256, 128), (256, 64), (128, 64))]
        self.layers = nn.ModuleList(down + up + [nn.Conv1d(64, 16, 1)])

    def forward(self, x):
        e1, e2, e3, u3, u2, u1, head = self.layers
        a = F.gelu(e1(x))
        b = F.gelu(e2(a))
        y = torch.cat([F.gelu(u3(F.gelu(e3(b)))), b], 1)
        y = torch.cat([F.gelu(u2(y)), a], 1)
        return head(F.gelu(u1(y)))

    def input(self, x):
        return x.view(-1, 8, self.channels).transpose(1, 2).contiguous()

    @staticmethod
    def loss(output, target):
        return F.cross_entropy(output, target.view(-1, 8))


KINDS = {'mlp': Perceptron, 'unet-linear': LinearUNet, 'unet-conv': ConvUNet}


class Session:
    """A network with its data and its optimiser. Arrays are numpy's, parameters in our layout."""

    def __init__(self, kind, parameters, inputs, targets):
        self.net = KINDS[kind](inputs.size // targets.size if kind != 'mlp' else None)
        self.load(torch.from_numpy(parameters.copy()))
        self.x = self.net.input(torch.from_numpy(inputs.copy()))
        self.y = torch.from_numpy(targets.copy())
        if kind != 'mlp':
            self.y = self.y.long()
        self.optimiser = torch.optim.Adam(self.net.parameters(), lr=1e-3)
        self.forward = None

    def load(self, values):
        at = 0
        with torch.no_grad():
            for layer in self.net.layers:
                axes = LAYOUT[type(layer)]
                ours = layer.weight.permute(axes)
                ours.copy_(values[at:at + ours.numel()].view(ours.shape))
                at += ours.numel()
                layer.bias.copy_(values[at:at + layer.bias.numel()])
                at += layer.bias.numel() * self.places(layer)
        if at != values.numel():
            raise ValueError('these are not the parameters of this network')

    @staticmethod
    def places(layer):
        """How many of our biases stand for one there."""
        return layer.kernel_size[0] if isinstance(layer, nn.ConvTranspose1d) else 1

    def train(self):
        self.optimiser.zero_grad(set_to_none=True)
        loss = self.net.loss(self.net(self.x), self.y)
        loss.backward()
        self.optimiser.step()
        return loss

    def gradient(self):
        """In our layout, NaN for a bias that we have one of for each place."""
        parts = []
        for layer in self.net.layers:
            parts.append(layer.weight.grad.permute(LAYOUT[type(layer)]).flatten())
            places = self.places(layer)
            parts.append(layer.bias.grad if places == 1 else torch.full((places * layer.bias.numel(),), float('nan')))
        return torch.cat(parts).numpy()

    def freeze(self, rows):
        """Traces and freezes the network for so many rows; returns their outputs."""
        self.net.eval()
        x = self.x[:rows].contiguous()
        with torch.no_grad():
            frozen = torch.jit.freeze(torch.jit.trace(self.net, x))
            for _ in range(5):
                outputs = frozen(x)
        self.forward = lambda: frozen(x)
        if isinstance(self.net, ConvUNet):
            outputs = outputs.transpose(1, 2)
        return outputs.contiguous().flatten().numpy()


class Sampler:
    """D3PM with uniform noise as a torch user writes it, all that does not depend on the sentence in tables of each step."""

    def __init__(self, session, steps, sentences):
        self.forward = self.freeze(session.net, sentences)
        self.sentences, self.steps = sentences, steps
        symbols = 16
        signal = torch.arange(steps, -1, -1) / steps
        one = torch.eye(symbols)
        time = (2 * signal - 1).view(-1, 1, 1).expand(-1, symbols, 1)
        self.codes = torch.cat([one.expand(steps + 1, -1, -1), time], 2)
        kept = torch.cat([torch.ones(1), signal[1:] / signal[:-1]]).view(-1, 1, 1)
        self.noise = kept * one + (1 - kept) / symbols
        self.signal = signal.tolist()
        self.prepared = torch.randn(sentences, 8, symbols)

    @staticmethod
    def freeze(net, sentences):
        net.eval()
        with torch.no_grad():
            frozen = torch.jit.freeze(torch.jit.trace(net, torch.zeros(sentences, 8, net.channels)))
            for _ in range(5):
                frozen(torch.zeros(sentences, 8, net.channels))
        return frozen

    def weights(self, logits, x, step):
        earlier = self.signal[step - 1]
        return F.embedding(x, self.noise[step]) * (earlier * logits.softmax(-1) + (1 - earlier) / 16)

    def law(self, noisy, step):
        x = torch.from_numpy(noisy.copy()).long().view(-1, 8)
        with torch.inference_mode():
            law = self.weights(self.forward(F.embedding(x, self.codes[step])), x, step)
        return (law / law.sum(-1, keepdim=True)).flatten().numpy()

    @staticmethod
    def multinomial(weights):
        return torch.multinomial(weights.view(-1, 16), 1)

    @staticmethod
    def inverse(weights):
        """Less usual and faster: where the running sum passes a uniform draw."""
        sums = weights.view(-1, 16).cumsum(-1)
        return (sums < torch.rand(sums.shape[0], 1) * sums[:, -1:]).sum(-1)

    def run(self, forward, draw):
        x = torch.randint(16, (self.sentences, 8))
        for step in range(self.steps, 0, -1):
            logits = forward(F.embedding(x, self.codes[step]))
            x = draw(self.weights(logits, x, step)).view(x.shape)
        return x

    def jobs(self):
        def nothing(codes):
            return self.prepared
        return {'sample': lambda: self.run(self.forward, self.multinomial),
                'sample-inverse': lambda: self.run(self.forward, self.inverse),
                'outside': lambda: self.run(nothing, self.multinomial),
                'outside-inverse': lambda: self.run(nothing, self.inverse)}
