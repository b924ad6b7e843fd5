"""Whole sessions before the real kiosk code: rendered people who answer, and attacks with pictures of the same people.

Everything that is seen goes through one simulated camera, so nothing can be told from "this went through the
simulator". Light is linear (`recapture`): a room, and the kiosk's own screen, whose colour

* a head gives back with the shading of its shape, and what is behind it hardly,
* paper gives back evenly,
* a display hardly gives back at all: it makes its own light, scatters about a hundredth, and mirrors a few hundredths
  of the screen where it happens to face it.

The session, its readers, networks, decisions and calibrations are the kiosk's. The finger stands in memory and always
matches, so what is counted is what the face's side lets through alone.
"""
