"""Minimisers of a smooth function of a vector, one step at a time: the caller owns the loop."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from scipy.optimize import minimize
from torch import Tensor

Loss = Callable[[Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Iterate:
    """One step.

    Attributes:
        iteration: steps so far.
        loss: where it stands.
        flat: (size,) there.
        evaluations: of the function with its gradient, and products with its second derivative, so far.
    """

    iteration: int
    loss: float
    flat: Tensor
    evaluations: int


def lbfgs(
    loss: Loss, start: Tensor, iterations: int, gradient_tolerance: float, inner: int, chunk: int = 10
) -> Iterator[Iterate]:
    """Torch's L-BFGS with strong Wolfe line search.

    Args:
        loss: to be made small.
        start: (size,).
        iterations: rounds of ``inner`` steps.
        gradient_tolerance: it ends when no entry of the gradient is larger.
        inner: steps of a round.
        chunk: steps after which the caller gets to know.

    It also ends when a whole chunk gained less than 1e-9 of the loss: rounds after that repeat themselves.
    """
    flat = start.detach().clone().requires_grad_()
    optimiser = torch.optim.LBFGS([flat], max_iter=chunk, history_size=100, line_search_fn="strong_wolfe")
    evaluations = 0

    def closure() -> Tensor:
        nonlocal evaluations
        evaluations += 1
        optimiser.zero_grad()
        value = loss(flat)
        value.backward()
        return value

    for step in range(chunk, iterations * inner + chunk, chunk):
        before = float(optimiser.step(closure).detach())
        value = float(closure().detach())  # an evaluation more: the optimiser does not say where it ended
        yield Iterate(min(step, iterations * inner), value, flat.detach().clone(), evaluations)
        assert flat.grad is not None
        if float(flat.grad.abs().max()) < gradient_tolerance:
            return
        if before - value <= 1e-9 * abs(before):
            return


def trust_ncg(loss: Loss, start: Tensor, iterations: int, gradient_tolerance: float) -> Iterator[Iterate]:
    """SciPy's Newton conjugate gradient with a trust region, second derivatives by double backward.

    Nocedal and Wright, "Numerical Optimization" (2006), algorithms 4.1 and 7.2; the first radius, the share
    of the promised gain that a step must keep and the largest radius are those of the published tool.

    Args:
        loss: to be made small; differentiable twice.
        start: (size,).
        iterations: most steps.
        gradient_tolerance: it ends when the gradient is no longer than this.
    """
    evaluations = 0
    gradients: dict[bytes, tuple[Tensor, Tensor]] = {}

    def vector(x: np.ndarray) -> Tensor:
        return torch.as_tensor(x, dtype=start.dtype, device=start.device)

    def numbers(values: Tensor) -> np.ndarray:
        return values.detach().cpu().numpy().astype(np.float64)

    def value_and_gradient(x: np.ndarray) -> tuple[float, np.ndarray]:
        nonlocal evaluations
        evaluations += 1
        flat = vector(x).requires_grad_()
        value = loss(flat)
        (gradient,) = torch.autograd.grad(value, flat)
        return float(value.detach()), numbers(gradient)

    def product(x: np.ndarray, direction: np.ndarray) -> np.ndarray:
        nonlocal evaluations
        evaluations += 1
        key = x.tobytes()
        if key not in gradients:
            # One graph serves all products of a step.
            gradients.clear()
            flat = vector(x).requires_grad_()
            (gradient,) = torch.autograd.grad(loss(flat), flat, create_graph=True)
            gradients[key] = flat, gradient
        flat, gradient = gradients[key]
        (out,) = torch.autograd.grad(gradient, flat, vector(direction), retain_graph=True)
        return numbers(out)

    def work(tell: Callable[[Iterate], None]) -> None:
        count = 0

        def callback(intermediate_result) -> None:  # type: ignore[no-untyped-def]  # SciPy goes by the name
            nonlocal count
            count += 1
            at = vector(intermediate_result.x).clone()
            tell(Iterate(count, float(intermediate_result.fun), at, evaluations))

        minimize(
            value_and_gradient,
            numbers(start),
            method="trust-ncg",
            jac=True,
            hessp=product,
            callback=callback,
            options={
                "maxiter": iterations,
                "gtol": gradient_tolerance,
                "initial_trust_radius": 0.05,
                "max_trust_radius": 1000.0,
                "eta": 0.15,
            },
        )

    return stepped(work)


def stepped(work: Callable[[Callable[[Iterate], None]], None]) -> Iterator[Iterate]:
    """What ``work`` tells, one by one; it waits in between, and is halted when the caller leaves.

    Args:
        work: gets a function to tell with. That raises `StopIteration`, which ends SciPy's minimisers, when
            nobody listens any more.
    """
    iterates: queue.Queue[Iterate | BaseException | None] = queue.Queue()
    go_on, left = threading.Event(), threading.Event()
    threads = torch.get_num_threads()

    def tell(item: Iterate) -> None:
        iterates.put(item)
        go_on.wait()
        go_on.clear()
        if left.is_set():
            raise StopIteration

    def run() -> None:
        torch.set_num_threads(threads)
        try:
            work(tell)
            iterates.put(None)
        except StopIteration:
            iterates.put(None)
        except BaseException as error:
            iterates.put(error)

    worker = threading.Thread(target=run, name="refit-minimise", daemon=True)
    worker.start()
    try:
        while (item := iterates.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
            go_on.set()
    finally:
        left.set()
        go_on.set()
        worker.join()
