"""What was found in a variational autoencoder, and how, in sentences."""

from collections.abc import Sequence

from infoplane.analysis.claims import untrained
from infoplane.analysis.repeated import mean
from infoplane.experiments.gaps import left_out
from infoplane.experiments.latent.claims import claims
from infoplane.experiments.latent.dimension import of_input, placed
from infoplane.experiments.latent.profile import (
    CODE,
    DECODER,
    ENCODER,
    MEAN,
    OUTPUT,
    at_the_end,
    looked_at,
)
from infoplane.experiments.sentences import verdicts_told
from infoplane.observe.plane import INPUT
from infoplane.values.finding import Finding
from infoplane.values.methods import methods_of
from infoplane.values.trace import Trace, settings_of


def summary(trace: Trace, findings: Sequence[Finding]) -> list[str]:
    """What was trained, what was found, and on how many samples."""
    losses = trace["loss_test"].values
    return [
        f"{trace.attrs['description']}; the test objective went from {losses[0]:.1f} to "
        f"{losses[-1]:.1f} nats per image.",
        _dimensions(trace),
        *verdicts_told(findings),
        *left_out(claims(trace), findings),
        "One seed: what it shows is about this network, not yet about training.",
    ]


def summary_of_sizes(trace: Trace, findings: Sequence[Finding]) -> list[str]:
    """Where the drawn code knows the input best, and where the decoder has a hump."""
    scale = str(trace["estimator"].values[0])
    end = at_the_end(trace).sel(estimator=scale)
    known = mean("", end["imbalance_TX"].sel(layer=CODE))
    best = int(known.idxmin("code_size"))
    hump = mean("", end["dimension_T"].sel(layer=list(DECODER))).max("layer")
    ratio = hump / mean("", end["dimension_T"].sel(layer=CODE))
    told = ", ".join(f"{float(ratio.sel(code_size=k)):.2f} (K = {k})" for k in _sizes(trace))
    data = "; ".join(map(str, of_input(trace)))
    n = end["dimension_T"].attrs["n"]
    return [
        f"{trace.attrs['description']}.",
        f"Dimension of the input, of batches of {n} test images, with 90 % intervals: {data}. "
        f"Code sizes, at every scale: {placed(trace)}.",
        f"The drawn code knows the input best at K = {best} (Δ(code → input) = "
        f"{float(known.min()):.3f} at scale “{scale}”).",
        f"The decoder's largest dimension, in units of the code's: {told}.",
        *verdicts_told(findings),
    ]


def methods(trace: Trace) -> list[str]:
    """Paragraphs as in a paper's methods section."""
    settings, n = settings_of(trace), trace["dimension_T"].attrs["n"]
    moments = ", ".join(f"{float(epoch):g}" for epoch in _epochs(trace))
    scales = "; ".join(
        f"“{name}”, {method.words} {''.join(f'[@{key}]' for key in method.sources)}"
        for name, method in methods_of(trace).items()
    )
    return [
        "The network is the convolutional variational autoencoder [@kingma2014auto] of "
        f"[@camboulin2024understanding], with {settings.get('width')} of its channels (64, 128, "
        "256, 256): four convolutions with batch normalisation, a code that is drawn in training "
        "as in evaluation, and the same backwards. Images are resized to 32 × 32 pixels by "
        "bilinear interpolation. Cross-entropy and KL divergence are summed over pixels, code and "
        f"batch; Adam has learning rate {settings.get('training.learning_rate')} and weight decay "
        f"{settings.get('training.weight_decay')}, in batches of "
        f"{settings.get('training.batch_size')} that are shuffled anew every epoch.",
        f"Geometry is measured at epochs {moments}, on disjoint batches of n = {n} test images, "
        "batch by batch: dimension and imbalance depend on n and are comparable at one n alone. "
        f"There are two scales: {scales}. Activations are flattened and not standardised, "
        "distances Euclidean.",
        "Information imbalance Δ(A → B) [@glielmo2022ranking] is 2/n times the mean rank in B of "
        "the nearest neighbours in A: 2/n if A knows who is near in B, 1 if it knows nothing. From "
        "a layer to the next, Δ(l → l + 1) − Δ(l + 1 → l) over their mean is negative for "
        "compression and positive for expansion.",
        "[@camboulin2024understanding] also trains on CIFAR-10 and measures the Fréchet inception "
        "distance (FID) of samples: neither is here, since there are grey images alone, and no "
        "inception network.",
        "The rate is E KL(q(z|x) ‖ p(z)), computed for every image and not estimated; no "
        "information of image and code exceeds it [@alemi2018fixing].",
    ]


def _epochs(trace: Trace) -> list[float]:
    return looked_at(trace)["epoch"].values.tolist()


def _dimensions(trace: Trace) -> str:
    """Dimensions at the end, at the first scale."""
    scale = str(trace["estimator"].values[0])
    first = untrained(trace).isel(snapshot=0)
    end = at_the_end(trace)
    of = {
        layer: [
            float(mean("", one["dimension_T"].sel(estimator=scale, layer=layer)))
            for one in (first, end)
        ]
        for layer in (INPUT, *ENCODER[2:3], MEAN, CODE, *DECODER[2:3], OUTPUT)
    }
    told = ", ".join(
        f"{layer} {after:.1f}" if layer == INPUT else f"{layer} {before:.1f} → {after:.1f}"
        for layer, (before, after) in of.items()
    )
    n = trace["dimension_T"].attrs["n"]
    return f"Dimension before and after training at scale “{scale}”, n = {n}: {told}."


def _sizes(trace: Trace) -> list[int]:
    return [int(size) for size in trace["code_size"].values]
