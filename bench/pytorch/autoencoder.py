"""Seconds that PyTorch takes for a training epoch of the cross-environment autoencoder: p = 15 instruments, two environments
of 10,000 people, batches of 500 of each (20 steps), encoder 15-64-64-4 with layer norm, ReLU and a linear path, decoder
linear in the 14 monomials of degree two, code standardised, MMD across and HSIC within environments and pooled, log det of the
correlations, clipping, AdamW; one thread, single precision. Written three times for the polynomial kernel (x'y + 1)^2,
twice for the RBF kernel:

  plain:  modules, autograd, Gram matrices;
  moments: modules, autograd, the polynomial losses by their moments (no Gram matrix);
  best:   no autograd: gradients by hand into one flat vector, AdamW in place on it; the RBF Gram matrices once,
          in place.

`best` checks itself: its gradient against autograd's. Prints "kernel,name,seconds" of processor time, best of three.
python3 autoencoder.py
"""
import time

import torch

torch.set_num_threads(1)
torch.manual_seed(1)
P, E, N, B, H, M, D = 15, 2, 10000, 500, 64, 2, 4
DECAY, RATE, CLIP, ENTROPY, EPS = 1e-4, 1e-3, 1.0, 0.01, 1e-6
GAMMA = 1 / (4 * M * (1 - 2 / (9 * M)) ** 3)
ROWS, STEPS = E * B, N // B
UP = torch.triu_indices(D, D)
SHARE = torch.tensor([2.0, 2.0, 1.0, 2.0, 1.0])  # weights of x1, x2, x1^2, x1 x2, x2^2 in (x'y + 1)^2


def data():
    latent = torch.randn(E * N, D)
    z = torch.cat([latent, latent[:, UP[0]] * latent[:, UP[1]]], 1) @ torch.randn(14, P)
    return (z - z.mean(0)) / z.std(0)


class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        lin = torch.nn.Linear
        self.skip, self.first, self.second, self.third = lin(P, D), lin(P, H), lin(H, H), lin(H, D, bias=False)
        self.norm1, self.norm2 = torch.nn.LayerNorm(H), torch.nn.LayerNorm(H)
        self.decoder = lin(14, P)

    def code(self, x):
        h = torch.relu(self.norm1(self.first(x)))
        h = torch.relu(self.norm2(self.second(h)))
        u = self.skip(x) + self.third(h)
        c = u - u.mean(0)
        return c / c.pow(2).mean(0).sqrt()

    def reconstruct(self, s):
        return self.decoder(torch.cat([s, s[:, UP[0]] * s[:, UP[1]]], 1))


def centre(k):
    return k - k.mean(0) - k.mean(1, keepdim=True) + k.mean()


def hsic(k, l):
    return (centre(k) * centre(l)).mean()


def gram(x, kernel):
    if kernel == "poly2":
        return (x @ x.t() + 1) ** 2
    return torch.exp(-GAMMA * torch.cdist(x, x, compute_mode="donot_use_mm_for_euclid_dist") ** 2)


def penalties_gram(s, kernel):
    k, l = gram(s[:, :M], kernel), gram(s[:, M:], kernel)
    parts = [slice(e * B, (e + 1) * B) for e in range(E)]
    mmd = sum(k[i, i].mean() for i in parts) / E - k.mean()
    within = sum(hsic(k[i, i], l[i, i]) for i in parts) / E
    return mmd + (within + hsic(k, l)) / 2


def monomials(x):
    return torch.stack([x[:, 0], x[:, 1], x[:, 0] ** 2, x[:, 0] * x[:, 1], x[:, 1] ** 2], 1)


def penalties_moments(s):
    w, v = monomials(s[:, :M]), monomials(s[:, M:])
    w, v = w - w.mean(0), v - v.mean(0)
    square = SHARE[:, None] * SHARE
    pooled = (square * (w.t() @ v / ROWS) ** 2).sum()
    mmd = within = 0
    for e in range(E):
        a, b = w[e * B:(e + 1) * B], v[e * B:(e + 1) * B]
        shift = a.mean(0)
        mmd = mmd + (SHARE * shift ** 2).sum() / E
        within = within + (square * ((a - shift).t() @ (b - b.mean(0)) / B) ** 2).sum() / E
    return mmd + (within + pooled) / 2


def log_det(s):
    total = 0
    for e in range(E):
        a = s[e * B:(e + 1) * B]
        a = a - a.mean(0)
        a = a / a.pow(2).mean(0).sqrt()
        total = total + torch.logdet(a.t() @ a / B + EPS * torch.eye(D)) / E
    return total


def loss_of(net, x, penalty):
    s = net.code(x)
    return ((net.reconstruct(s) - x) ** 2).mean() + penalty(s) - ENTROPY * log_det(s)


def batches(z):
    order = torch.stack([torch.randperm(N) + e * N for e in range(E)])
    for step in range(STEPS):
        yield z[order[:, step * B:(step + 1) * B].reshape(-1)]


def autograd(penalty):
    def run(z):
        net = Net()
        adam = torch.optim.AdamW(net.parameters(), lr=RATE, weight_decay=DECAY)

        def epoch():
            for x in batches(z):
                adam.zero_grad()
                loss_of(net, x, penalty).backward()
                torch.nn.utils.clip_grad_norm_(net.parameters(), CLIP)
                adam.step()

        return epoch
    return run


class Best:
    """Parameters and gradients as views of flat vectors; every product written out."""

    def __init__(self, kernel, source=None):
        net = source or Net()
        self.kernel = kernel
        names = [n for n, _ in net.named_parameters()]
        sizes = [p.numel() for p in net.parameters()]
        self.theta = torch.cat([p.detach().reshape(-1) for p in net.parameters()])
        self.grad = torch.zeros_like(self.theta)
        shapes = [p.shape for p in net.parameters()]
        self.p = {n: t.view(s) for n, t, s in zip(names, self.theta.split(sizes), shapes)}
        self.g = {n: t.view(s) for n, t, s in zip(names, self.grad.split(sizes), shapes)}
        self.m, self.v, self.t = torch.zeros_like(self.theta), torch.zeros_like(self.theta), 0
        self.gram = [torch.empty(ROWS, ROWS) for _ in range(4)]

    def norm(self, x, name):
        out, mean, rstd = torch.native_layer_norm(x, [H], self.p[name + ".weight"], self.p[name + ".bias"], 1e-5)
        return out.relu_(), (x, mean, rstd)

    def norm_back(self, up, out, kept, name):
        up = torch.ops.aten.threshold_backward(up, out, 0)
        dx, dw, db = torch.ops.aten.native_layer_norm_backward(
            up, kept[0], [H], kept[1], kept[2], self.p[name + ".weight"], self.p[name + ".bias"], [True, True, True])
        self.g[name + ".weight"].copy_(dw)
        self.g[name + ".bias"].copy_(db)
        return dx

    def monomial_penalty(self, s):
        w, v = monomials(s[:, :M]), monomials(s[:, M:])
        w -= w.mean(0)
        v -= v.mean(0)
        square = SHARE[:, None] * SHARE
        pooled = square * (w.t() @ v / ROWS)
        gw, gv = torch.empty_like(w), torch.empty_like(v)
        for e in range(E):
            i = slice(e * B, (e + 1) * B)
            a, b = w[i], v[i]
            da, db = a.mean(0), b.mean(0)
            own = square * (a.t() @ b / B - da[:, None] * db) / (E * B)
            both = own + pooled / ROWS
            torch.addmm(2 * SHARE * da / (E * B) - own @ db, b, both.t(), out=gw[i])
            torch.addmm(-(da @ own), a, both, out=gv[i])

        def chain(x, g):
            return torch.stack([g[:, 0] + 2 * x[:, 0] * g[:, 2] + x[:, 1] * g[:, 3],
                                g[:, 1] + 2 * x[:, 1] * g[:, 4] + x[:, 0] * g[:, 3]], 1)
        return torch.cat([chain(s[:, :M], gw), chain(s[:, M:], gv)], 1)

    def rbf_penalty(self, s):
        k, l, c, other = self.gram
        for x, to in ((s[:, :M], k), (s[:, M:], l)):
            n = (x * x).sum(1) * -GAMMA
            torch.addmm(n[:, None], x, x.t(), beta=1, alpha=2 * GAMMA, out=to)
            to.add_(n).exp_()

        def weights(a, to):  # of the other block's HSIC terms
            r = a.mean(1)
            torch.sub(a, r, out=to)
            to.sub_(r[:, None] - r.mean()).mul_(0.5 / ROWS ** 2)
            for e in range(E):
                i = slice(e * B, (e + 1) * B)
                r = a[i, i].mean(1)
                to[i, i] += (a[i, i] - r - (r[:, None] - r.mean())).mul_(0.5 / (E * B * B))

        def back(x, c):
            return -4 * GAMMA * (c.sum(1)[:, None] * x - c @ x)
        weights(l, c)
        weights(k, other)
        c -= 1 / ROWS ** 2
        for e in range(E):
            i = slice(e * B, (e + 1) * B)
            c[i, i] += 1 / (ROWS * B)
        return torch.cat([back(s[:, :M], c.mul_(k)), back(s[:, M:], other.mul_(l))], 1)

    def gradient(self, x):
        p, g = self.p, self.g
        a1 = torch.addmm(p["first.bias"], x, p["first.weight"].t())
        h1, k1 = self.norm(a1, "norm1")
        a2 = torch.addmm(p["second.bias"], h1, p["second.weight"].t())
        h2, k2 = self.norm(a2, "norm2")
        u = torch.addmm(p["skip.bias"], x, p["skip.weight"].t())
        u.addmm_(h2, p["third.weight"].t())
        s = u - u.mean(0)
        inverse = s.pow(2).mean(0).rsqrt_()
        s *= inverse
        f = torch.cat([s, s[:, UP[0]] * s[:, UP[1]]], 1)
        up = torch.addmm(p["decoder.bias"], f, p["decoder.weight"].t())
        up.sub_(x).mul_(2 / (ROWS * P))
        torch.mm(up.t(), f, out=g["decoder.weight"])
        g["decoder.bias"].copy_(up.sum(0))
        gf = up @ p["decoder.weight"]
        ds = self.monomial_penalty(s) if self.kernel == "poly2" else self.rbf_penalty(s)
        ds += gf[:, :D]
        for f_, (i, j) in enumerate(UP.t().tolist()):
            t = gf[:, D + f_]
            ds[:, i] += t * s[:, j]
            ds[:, j] += t * s[:, i]
        for e in range(E):
            i = slice(e * B, (e + 1) * B)
            c = s[i] - s[i].mean(0)
            inv = c.pow(2).mean(0).rsqrt_()
            c *= inv
            t = c @ torch.inverse(c.t() @ c / B + EPS * torch.eye(D)) * (2 / B)
            t -= (t * c).mean(0) * c
            ds[i] -= ENTROPY / E * inv * t
        ds = inverse * (ds - ds.mean(0) - (ds * s).mean(0) * s)
        torch.mm(ds.t(), x, out=g["skip.weight"])
        g["skip.bias"].copy_(ds.sum(0))
        torch.mm(ds.t(), h2, out=g["third.weight"])
        d2 = self.norm_back(ds @ p["third.weight"], h2, k2, "norm2")
        torch.mm(d2.t(), h1, out=g["second.weight"])
        g["second.bias"].copy_(d2.sum(0))
        d1 = self.norm_back(d2 @ p["second.weight"], h1, k1, "norm1")
        torch.mm(d1.t(), x, out=g["first.weight"])
        g["first.bias"].copy_(d1.sum(0))

    def step(self):
        self.t += 1
        norm = float(self.grad.norm())
        if norm > CLIP:
            self.grad.mul_(CLIP / norm)
        self.m.lerp_(self.grad, 0.1)
        self.v.mul_(0.999).addcmul_(self.grad, self.grad, value=0.001)
        self.theta.mul_(1 - RATE * DECAY)
        denominator = (self.v / (1 - 0.999 ** self.t)).sqrt_().add_(1e-8)
        self.theta.addcdiv_(self.m, denominator, value=-RATE / (1 - 0.9 ** self.t))


def best(kernel):
    def run(z):
        with torch.no_grad():
            model = Best(kernel)

        def epoch():
            with torch.no_grad():
                for x in batches(z):
                    model.gradient(x)
                    model.step()
        return epoch
    return run


def check(z, kernel):
    net = Net()
    x = next(batches(z))
    loss_of(net, x, lambda s: penalties_gram(s, kernel)).backward()
    want = torch.cat([q.grad.reshape(-1) for q in net.parameters()])
    with torch.no_grad():
        model = Best(kernel, net)
        model.gradient(x)
    worst = float((model.grad - want).abs().max() / want.abs().max())
    assert worst < 1e-3, (kernel, worst)


def seconds(run, z, epochs):
    epoch = run(z)
    epoch()
    times = []
    for _ in range(3):
        start = time.process_time()
        for _ in range(epochs):
            epoch()
        times.append((time.process_time() - start) / epochs)
    return min(times)


z = data()
for kernel in ("poly2", "rbf"):
    check(z, kernel)
    print(f"{kernel},plain,{seconds(autograd(lambda s: penalties_gram(s, kernel)), z, 1):.4f}", flush=True)
    if kernel == "poly2":
        print(f"poly2,moments,{seconds(autograd(penalties_moments), z, 3):.4f}", flush=True)
    print(f"{kernel},best,{seconds(best(kernel), z, 5 if kernel == 'poly2' else 2):.4f}", flush=True)
