"""Photographs of faces taken again: from paper and from screens, and, for comparison, live through the same camera.

A simulator of the optics, not of anybody's data set. Light is linear; every step between the scene and the file that
leaves a mark on a picture is there once and is used for live faces and attacks alike, so that nothing can be told from
"this picture went through the simulator":

* the attack instrument (`media`): the dot screen or ink grain of a print, its ink black, paper white and gamut; the
  subpixels of a display, its black level, backlight and flicker; what either reflects of the room;
* the geometry (`scene`): distance, tilt, bend, bezel, paper edge, fingers, background;
* the second camera (`camera`): lens, photosite, Bayer mosaic, gain and noise, demosaicing, white balance, tone,
  sharpening, scaling, JPEG.

Moire is not drawn. Each periodic structure is taken as its lowest harmonics, lowered by the transfer functions of lens
(Gaussian) and photosite (sinc), and then sampled at the photosites of the mosaic: what aliases, aliases, in colour. For
sensors that are much finer than the picture the same is worked out instead of sampled.

Sources: subpixel and mosaic moire: H. Farid and others on recaptured images, and any text on sampling; transfer
function of a square aperture: J. Goodman, Introduction to Fourier Optics; screen angles of four-colour print (15, 75,
0 and 45 degrees) and rulings of 85 to 150 lines an inch: ISO 12647; densities of ink: ISO 12647-2 and data sheets of
photographic paper; shot and read noise: EMVA 1288; transfer function of sRGB: IEC 61966-2-1; reflection of 4 % at
glass: Fresnel at n = 1.5. Ranges are plausible values, not measurements of one device; no claim about real attacks
follows from a figure that was made with this.
"""
