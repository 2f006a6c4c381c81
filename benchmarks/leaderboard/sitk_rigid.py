"""A peer for the leaderboard: SimpleITK's rigid registration by mutual information.

Usage: sitk_rigid.py PLANNING INTRAOP POINTS.csv MAPPED.csv
"""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import SimpleITK as sitk


def read(folder: str) -> sitk.Image:
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(folder))
    return sitk.Cast(reader.Execute(), sitk.sitkFloat32)


def registered(planning: sitk.Image, intraop: sitk.Image) -> sitk.Transform:
    start = sitk.CenteredTransformInitializer(
        planning,
        intraop,
        sitk.Euler3DTransform(),
        sitk.CenteredTransformInitializerFilter.GEOMETRY,
    )
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(50)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(0.1, seed=1)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsGradientDescent(1.0, 200, 1e-6, 10)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([4, 2, 1])
    method.SetSmoothingSigmasPerLevel([2.0, 1.0, 0.0])
    method.SetInitialTransform(start, inPlace=True)
    return method.Execute(planning, intraop)


def main(planning: str, intraop: str, points: str, mapped: str) -> None:
    transform = registered(read(planning), read(intraop))
    with Path(points).open(newline="") as stream:
        head, *rows = list(csv.reader(stream))
    with Path(mapped).open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(head)
        for label, *place in rows:
            writer.writerow([label, *transform.TransformPoint([float(x) for x in place])])


if __name__ == "__main__":
    main(*sys.argv[1:])
