"""Seconds that PyTorch takes for outer steps of the three-net loop of F2BMLD (ten Adam
steps on each instrument net, one on the treatment net; width 50, batch 32, three
inputs, one thread, single precision), written twice:

  plain: modules, autograd, one torch.optim.Adam per net;
  best:  no autograd: each net one flat vector, gradients by hand into it, products
         with out=, Adam by in-place operations on the flat vector.

Both check themselves: one gradient of `best` against autograd. Prints "name,seconds" of processor
time per 1,000 outer steps, best of three.   python3 curve_loop.py [outer steps]
"""
import math
import sys
import time

import torch

torch.set_num_threads(1)
N, D, WIDTH, BATCH, INNER, RATE, LAMBDA, DECAY = 5000, 3, 50, 32, 10, 1e-3, 0.3, 1e-5
ONE = torch.ones(1)


def data():
    g = torch.Generator().manual_seed(1)
    return (torch.randn(N, generator=g), torch.randn(N, D, generator=g), torch.randn(N, D, generator=g))


def plain(steps):
    y, a, z = data()
    make = lambda: torch.nn.Sequential(torch.nn.Linear(D, WIDTH), torch.nn.Tanh(), torch.nn.Linear(WIDTH, 1))
    ha, ht, hw = make(), make(), make()
    adam = [torch.optim.Adam(h.parameters(), lr=RATE, betas=(0.5, 0.9)) for h in (ha, ht, hw)]
    size = lambda h: sum((p ** 2).sum() for p in h.parameters())
    start = time.process_time()
    for _ in range(steps):
        b1, b2 = torch.randint(N, (BATCH,)), torch.randint(N, (BATCH,))
        a1, z1, y2, z2 = a[b1], z[b1], y[b2], z[b2]
        target = ha(a1).squeeze().detach()
        for _ in range(INNER):
            adam[1].zero_grad()
            loss = ((target - ht(z1).squeeze()) ** 2).mean() + DECAY * size(ht)
            loss.backward()
            adam[1].step()
        for _ in range(INNER):
            adam[2].zero_grad()
            loss = ((y2 - hw(z2).squeeze()) ** 2).mean() + LAMBDA * ((target - hw(z1).squeeze()) ** 2).mean()
            loss = loss + LAMBDA * DECAY * size(hw)
            loss.backward()
            adam[2].step()
        b1 = torch.randint(N, (BATCH,))
        a1, z1 = a[b1], z[b1]
        adam[0].zero_grad()
        out = ha(a1).squeeze()
        loss = LAMBDA * (((out - hw(z1).squeeze().detach()) ** 2).mean() - ((out - ht(z1).squeeze().detach()) ** 2).mean())
        loss = loss + DECAY * size(ha)
        loss.backward()
        adam[0].step()
    return time.process_time() - start


class Net:
    """h(x) = tanh([x, 1] W) v + d on a flat vector (W, v, d)."""

    def __init__(self, decay, rows):
        k = (D + 1) * WIDTH
        self.theta = (torch.rand(k + WIDTH + 1) * 2 - 1) / math.sqrt(D)
        self.theta[k:] *= math.sqrt(D) / math.sqrt(WIDTH)
        self.grad, self.m, self.v = (torch.zeros_like(self.theta) for _ in range(3))
        self.scratch = torch.empty_like(self.theta)
        cut = lambda f: (f[:k].view(D + 1, WIDTH), f[k:].view(WIDTH + 1, 1))
        (self.w, self.out), (self.gw, self.gout) = cut(self.theta), cut(self.grad)
        self.decay, self.k = decay, 0
        self.hidden = torch.ones(rows, WIDTH + 1)
        self.t = self.hidden[:, :WIDTH]
        self.z, self.g, self.value = torch.empty(rows, WIDTH), torch.empty(rows, WIDTH), torch.empty(rows, 1)
        self.vt = self.out[:WIDTH].t()

    def forward(self, x):
        torch.mm(x, self.w, out=self.z)
        torch.tanh(self.z, out=self.t)
        return torch.mm(self.hidden, self.out, out=self.value)

    def backward(self, x, up):
        torch.mm(self.hidden.t(), up, out=self.gout)
        torch.addcmul(ONE, self.t, self.t, value=-1, out=self.z)
        torch.mul(up, self.vt, out=self.g).mul_(self.z)
        torch.mm(x.t(), self.g, out=self.gw)

    def step(self):
        self.k += 1
        self.grad.add_(self.theta, alpha=2 * self.decay)
        self.m.lerp_(self.grad, 0.5)
        self.v.mul_(0.9).addcmul_(self.grad, self.grad, value=0.1)
        torch.sqrt(self.v, out=self.scratch)
        root = math.sqrt(1 - 0.9 ** self.k)
        self.scratch.add_(1e-8 * root)
        self.theta.addcdiv_(self.m, self.scratch, value=-RATE * root / (1 - 0.5 ** self.k))


def check():
    net, x, up = Net(0, 7), torch.randn(7, D), torch.randn(7, 1)
    x1 = torch.cat([x, torch.ones(7, 1)], 1)
    net.forward(x1)
    net.backward(x1, up)
    theta = net.theta.clone().requires_grad_()
    k = (D + 1) * WIDTH
    h = torch.tanh(x1 @ theta[:k].view(D + 1, WIDTH)) @ theta[k:-1].view(WIDTH, 1) + theta[-1]
    (h * up).sum().backward()
    assert torch.allclose(theta.grad, net.grad, atol=1e-5)


def best(steps):
    y, a, z = data()
    one = torch.ones(N, 1)
    a, z, y = torch.cat([a, one], 1), torch.cat([z, one], 1), y.view(-1, 1)
    with torch.no_grad():
        ha, ht, hw = Net(DECAY, BATCH), Net(DECAY, BATCH), Net(LAMBDA * DECAY, 2 * BATCH)
        seen = Net(0, BATCH)  # h_w on the fresh minibatch
        both, wanted = torch.empty(2 * BATCH, D + 1), torch.empty(2 * BATCH, 1)
        weight = torch.full((2 * BATCH, 1), 2 / BATCH)
        weight[BATCH:] *= LAMBDA
        up, up2 = torch.empty(BATCH, 1), torch.empty(2 * BATCH, 1)
        start = time.process_time()
        for _ in range(steps):
            b = torch.randint(N, (3 * BATCH,))
            a1, z1 = a[b[:BATCH]], z[b[:BATCH]]
            torch.index_select(z, 0, b[BATCH:2 * BATCH], out=both[:BATCH])
            both[BATCH:] = z1
            wanted[:BATCH] = y[b[BATCH:2 * BATCH]]
            target = ha.forward(a1)
            wanted[BATCH:] = target
            for _ in range(INNER):
                torch.sub(ht.forward(z1), target, out=up).mul_(2 / BATCH)
                ht.backward(z1, up)
                ht.step()
            for _ in range(INNER):
                torch.sub(hw.forward(both), wanted, out=up2).mul_(weight)
                hw.backward(both, up2)
                hw.step()
            a1, z1 = a[b[2 * BATCH:]], z[b[2 * BATCH:]]
            ha.forward(a1)
            seen.theta.copy_(hw.theta)
            torch.sub(ht.forward(z1), seen.forward(z1), out=up).mul_(2 * LAMBDA / BATCH)
            ha.backward(a1, up)
            ha.step()
        return time.process_time() - start


if __name__ == "__main__":
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    check()
    few = max(steps // 5, 1)
    best(few)
    print("best,%.4f" % (min(best(steps) for _ in range(3)) * 1000 / steps))
    print("plain,%.4f" % (min(plain(few) for _ in range(3)) * 1000 / few))
