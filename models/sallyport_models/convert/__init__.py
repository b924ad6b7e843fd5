"""Published weights to the ONNX files that the kiosk loads: pure functions `bytes -> bytes`, the same every time."""
