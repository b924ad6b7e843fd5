"""The kiosk's own bounds, each with its unit and where it comes from. The release policy is signed data, not here."""

from typing import Final

FRAMES: Final = 5
"""Usable frames in one face template (design §6: several frames; the compute budget is stated for five)."""

FACE_ATTEMPT_MS: Final = 8_000
"""One face attempt: enough to read one instruction and follow it."""

LIGHTS: Final = 8
"""Colours in one flash of the screen: 384 sequences; with LIGHT_MS about five seconds."""

LIGHT_MS: Final = 600
"""Time of one colour: four or five frames of a camera after the change; well below WCAG's three flashes a second."""

LIGHT_ATTEMPTS: Final = 2
"""Flashes in one session: a light that somebody switches on must not count against a person."""

LIT_WAIT_MS: Final = 1_000
"""Longest wait for the screen's word that it shows a colour; without it the screen is not there, or not ours."""

WATCH_S: Final = 0.15
"""Between two looks at the person while the finger is read."""

KNOW_AGAIN_MS: Final = 1_000
"""While the finger is read the face is known again by its embedding this often."""

ATTACK_RETRIES: Final = 1
"""More tries of a face that looks like a picture of one: live faces do so at times (calibration/attack.toml). Where
liveness is required, the try comes after a longer challenge."""

AGAIN_S: Final = 2.5
"""Between two challenges: time to read or hear what to do otherwise."""

MARKS: Final = 600
"""Newest frames of a session whose marks are kept for the injection guard, 36 KiB each; some 40 s of a camera."""

FINGER_ATTEMPT_MS: Final = 12_000
"""One finger attempt: from the instruction to a finger on the sensor."""

FINGER_POLL_S: Final = 0.05
"""Between two looks at the finger sensor."""

PRESENCE_MS: Final = 1_000
"""Design §3: presence is reported every second from the match to the opening."""

READY_MS: Final = 5_000
"""READY is repeated this often: it is how the gateway knows that the kiosk is there and which boot it is."""

SLOWEST_CAMERA_MS: Final = 2_000
"""A camera that takes longer for one frame is too slow to follow a person, or is gone."""

SLOW_FRAME_MS: Final = 900
"""Between two frames, where nobody has to show a movement. A frame a second is too slow."""

SLOW_WAIT_MS: Final = 250
"""Of that, or half of it, waited for the camera: the rest is the kiosk's own work."""

SLOW_FRAMES: Final = 2
"""One after the other: the camera is too slow; one is enough where no frame came in time before."""

SLOW_LOST_MS: Final = 700
"""Time of slow frames, one after the other: with SILENT_MS a person hears of any slow camera within two seconds."""

SILENT_MS: Final = 1_200
"""A camera that gives nothing for so long is lost."""

RESULT_EXPIRY_S: Final = 60
"""MQTT expiry of a result; the outbox resends until the gateway's signed word arrives."""

MESSAGE_EXPIRY_S: Final = 5
"""MQTT expiry of what is worthless when late: READY, presence, interlock frames."""

DEVICE_LOOK_MS: Final = 30_000
"""Between two looks at camera and sensor while nobody is being verified: an officer hears of a fault before a prisoner
stands there."""

DEVICE_AGAIN_MS: Final = 5_000
"""Between two looks while something does not work: a repair is seen soon."""

DEVICE_PATIENCE_MS: Final = 20_000
"""A look takes 4 s for a lost camera and some seconds for a silent sensor; one that takes longer is itself a fault."""

STATUS_MS: Final = 30_000
"""STATUS is repeated this often: one that was lost, or replayed, does not stay believed."""

END_WAIT_S: Final = 5.0
"""Longest wait for a session that is told to end; below the unit's WatchdogSec (20 s)."""

HUNG_MS: Final = 15_000
"""A session that outlives its time by this much cannot be ended; the main loop then stops feeding the watchdog."""

END_SHOWN_MS: Final = 8_000
"""How long the last instruction of a session stays on the screen."""
