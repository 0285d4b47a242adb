"""The one contract of all losses: how arguments, parameters, weights, masks and reductions are checked and applied.

A loss is written as a core, a small function of prepared tensors; a decorator named after its layout makes the public function of it:
`elementwise`, `classes`, `vectors`, `pairs`, `batch` or `whole` (see `layouts`), `pixels` or `masks` (see `pixels`), `class_maps`, `lists`, `maps`,
`sequences` or `transductions` (see `items`), `samples`, `images` or `images_beside` (see `samples`), `point_sets` (see `points`), `joint` or `joint_views`
(see `joint`). `through_network` lets a loss look through a network.
docs/implementations.md tells users the same.
"""

from .arguments import Signature
from .class_maps import ClassWeight, class_maps
from .composite import Composite, Term
from .distance_transform import signed_distance
from .items import lists, maps, sequences, transductions
from .joint import joint, joint_views
from .layouts import Inside, Loss, batch, classes, elementwise, pairs, vectors, whole
from .module import LossModule
from .networks import at_points, between, input_gradients, through_network
from .pixels import masks, pixels
from .points import point_sets
from .reversal import reverse_gradient
from .samples import images, images_beside, samples
from .targets import ClassTarget
from .weights import objective_gradients

__all__ = [
    "ClassTarget", "ClassWeight", "Composite", "Inside", "Loss", "LossModule", "Signature", "Term", "at_points", "batch", "between", "class_maps", "classes",
    "elementwise", "images", "images_beside", "input_gradients", "joint", "joint_views", "lists", "maps", "masks", "objective_gradients", "pairs", "pixels",
    "point_sets", "reverse_gradient", "samples", "sequences", "signed_distance", "through_network", "transductions", "vectors", "whole",
]  # fmt: skip
