"""A data set that other processes can import, as those of a loader must."""

import torch

from fsbench.training.triplets import Triplet


class Counted:
    """Item n is a picture of the number n."""

    def __getitem__(self, number: int) -> Triplet:
        picture = torch.full((3, 2, 2), float(number))
        return Triplet(picture, picture, picture, number % 2 == 0, True)
