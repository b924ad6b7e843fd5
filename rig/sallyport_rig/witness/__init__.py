"""How the third witness of face attack detection is taught: samples from simulators, a small network, its ONNX file.

Two simulators, neither of which is what `evaluate attack` is usually run on: `sallyport_rig.recapture` with a camera
drawn anew for each picture, and `marks`, a cruder one that draws any of a dozen marks over a picture. The marks of
`recapture --drawn` are left for measuring. Faces without colour are tinted at times (`tint`), since photographs in
colour are few. People of the last fifth (`recapture.people`) are never shown.

JAX does the arithmetic and is needed for `train` alone: `pip install jax==0.10.2`; nothing of it runs on a kiosk.
"""
