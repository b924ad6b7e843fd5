# ruff: noqa: F821 - these are the words of MicroPython's manifest files
"""What goes into the board's MicroPython: `make BOARD=... FROZEN_MANIFEST=.../manifest.py` in its port's folder."""

# Nothing of micropython-lib is needed to run: HMAC and comparison are in sallyport_wire, which gateways use as well.
# `unittest` and `hmac` come in test builds only, to check this build's hashlib on the board itself.
include("$(PORT_DIR)/boards/manifest.py")
module("main.py")
module("sallyport_build.py", base_path="../../var/firmware")  # `make firmware` writes it: frozen files cannot be read
package("sallyport_interlock")
package("sallyport_wire", base_path="../../protocol")

options.defaults(test=False)
if options.test:
    require("unittest")
    require("hmac")
