"""
A plate, seen from both faces
=============================

Left: the operator's face. Columns run to the right, rows down, so that A1 (red) is at the top left,
like in a spreadsheet. Right: the same plate turned over, the face that lies toward the patient: now
the columns run to the left. Marks are engraved so that each face can be told by reading it.
"""

import numpy as np
import pyvista as pv

from template_gen import all_bores, build_default_spec, build_solid, check_spec

spec = build_default_spec(rows=11, columns=11, pitch_mm=6.0, bore_diameter_mm=2.6)
solid = build_solid(spec)
print(len(all_bores(spec)), "bores,", len(solid.triangles), "triangles")
print(check_spec(spec) or "no finding: the plate can be printed")

# %%
# The template's frame has its origin in the middle of the operator's face, y runs down the rows and
# z into the patient. The operator looks along +z and holds -y up; seen from the patient x is
# mirrored, and nothing else may be. Engraved floors are coloured dark, as a wax-filled print shows
# them.

mesh = pv.PolyData.from_regular_faces(solid.vertices_mm, solid.triangles)
level = np.abs(mesh.face_normals[:, 2]) > 0.99
depth = mesh.cell_centers().points[:, 2]
floor = level & (depth > 0.05) & (depth < spec.plate.thickness_mm - 0.05)
mesh.cell_data["colour"] = np.where(floor[:, None], [29, 53, 87], [168, 208, 200]).astype(np.uint8)
a1 = next(bore for bore in all_bores(spec) if bore.label == "A1")
pin = pv.Line(a1.entry_mm - a1.direction, a1.entry_mm + 16.0 * a1.direction).tube(radius=1.6)

plotter = pv.Plotter(shape=(1, 2), off_screen=True, window_size=[1500, 780], border=False)
for column, (title, z) in enumerate((("operator's face", -300.0), ("patient's face", 300.0))):
    plotter.subplot(0, column)
    plotter.set_background("white")
    plotter.add_mesh(mesh, scalars="colour", rgb=True)
    plotter.add_mesh(pin, color="#c1121f")
    plotter.add_text(title, font_size=14, color="black")
    plotter.camera_position = [(0.0, 0.0, z), (0.0, 0.0, 0.0), (0.0, -1.0, 0.0)]
    plotter.enable_parallel_projection()
    plotter.camera.parallel_scale = 68.0
plotter.show()
