"""One instruction for each feedback code: what to show and say to the person at the kiosk."""

from types import MappingProxyType

from sallyport_biometrics.face.words import Feedback

INSTRUCTIONS = MappingProxyType(
    {
        Feedback.FRAME_UNUSABLE: "The camera picture cannot be used. Please call an officer.",
        Feedback.NO_FACE: "Stand in front of the camera so that your face is in the picture.",
        Feedback.SEVERAL_FACES: "Only one person may stand in front of the camera.",
        Feedback.OFF_CENTRE: "Move so that your whole face is in the middle of the picture.",
        Feedback.TOO_FAR: "Come closer to the camera.",
        Feedback.TOO_CLOSE: "Move back a little.",
        Feedback.TOO_DARK: "It is too dark. Move so that light falls on your face.",
        Feedback.TOO_BRIGHT: "It is too bright. Move so that no strong light falls on your face.",
        Feedback.LOW_CONTRAST: "Your face is not clear. Move so that light falls on it from the front.",
        Feedback.HEAD_TILTED: "Hold your head upright.",
        Feedback.TURN_TO_CAMERA: "Look straight at the camera.",
        Feedback.BLURRED: "Hold still.",
        Feedback.FACE_COVERED: "Take away anything that covers your face. If you cannot, call an officer.",
        Feedback.EXPRESSION: "Open your eyes and close your mouth.",
    }
)
