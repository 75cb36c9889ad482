"""Sounds for the patient, made in the browser: no file, no other host."""

from __future__ import annotations

from nicegui import ui

SOUNDS = """<script>
// NOW: two rising tones; REST: one low tone; tick: a short one before NOW. Browsers keep silent until
// somebody has pressed something, hence the button.
const emgTones = { now: [[660, 0, .16], [990, .17, .32]], rest: [[392, 0, .4]], tick: [[523, 0, .06]] };
let emgAudio = null;
function emgSound(name) {
  if (!emgAudio || emgAudio.state !== "running" || !(name in emgTones)) return;
  for (const [pitch, begin, length] of emgTones[name]) {
    const tone = emgAudio.createOscillator(), volume = emgAudio.createGain();
    const start = emgAudio.currentTime + begin;
    tone.frequency.value = pitch;
    volume.gain.setValueAtTime(0, start);
    volume.gain.linearRampToValueAtTime(.3, start + .015);
    volume.gain.setTargetAtTime(0, start + length - .03, .012);
    tone.connect(volume).connect(emgAudio.destination);
    tone.start(start);
    tone.stop(start + length + .1);
  }
}
function emgWake() {
  emgAudio = emgAudio || new AudioContext();
  return emgAudio.resume();
}
function emgFullScreen() {
  emgWake().then(() => emgSound("now"));
  if (document.fullscreenElement) document.exitFullscreen();
  else document.documentElement.requestFullscreen().catch(() => {});
}
document.addEventListener("pointerdown", emgWake);
document.addEventListener("keydown", emgWake);
</script>"""
"""Belongs into the body of a view that plays sounds."""


def play(name: str) -> None:
    """Play a sound in the browser of the present view.

    Parameters
    ----------
    name : str
        ``now``, ``rest`` or ``tick``.
    """
    ui.run_javascript(f"emgSound('{name}')")
