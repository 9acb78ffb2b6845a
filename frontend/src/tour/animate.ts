/** What moves by itself on a screen, once somebody asked for it. It is part of the screen's state: a change of language does not stop it. */

import { animate, halt } from "../app/play";

export class Motion {
  playing = false;

  /** Calls `move` from `from` to 1 over the time that the whole way would take, and says when that is over. Where less motion is wanted: a few still pictures. */
  start(milliseconds: number, from: number, move: (share: number) => void): void {
    halt();
    this.playing = true;
    animate(() => this.playing, milliseconds * (1 - from), (share) => {
      if (share >= 1) this.playing = false;
      move(share >= 1 ? 1 : from + (1 - from) * share);
    }, () => this.stop());
  }

  stop(): void {
    this.playing = false;
  }
}
