// What a guide sounds like, for who wants to hear it: the eyes may be elsewhere.

import { toneButton } from "./tones.js";

const TONES = { tick: [[660, 0.07]], go: [[880, 0.2]], good: [[660, 0.12], [880, 0.2]], wrong: [[220, 0.18], [196, 0.28]] };

export const cueButton = (button) => toneButton(button, "plumbline-guide-sound", TONES, "good");
