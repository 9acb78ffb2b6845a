/** What the tour asks of a screen: one picture, one act for the hand, a sentence or two, one number that moves. */

import type { Language } from "../app/store";
import type { Words } from "../app/words/words";

export interface ScreenWords {
  title: string;
  /** What the screen is about, in one or two sentences; {role:words} stand in the color of the role. */
  sentences: string[];
  /** What the hand can do. */
  act: string;
  /** Where a sentence could be misread. */
  careful?: string;
}

/** What a screen knows of the page around it. */
export interface Host {
  language: Language;
  /** The words of a report's page, for its pictures. */
  page: Words;
  /** Asks for a frame: something has changed. */
  touch(): void;
}

export interface Screen {
  /** The stage: pictures with their controls. */
  root: HTMLElement;
  paint(): void;
  /** Ends what goes on without it. */
  close?(): void;
  /** The number that moves, in words, after the last paint. */
  readout(): string;
}

/** A screen as the tour lists it. Its state outlives a change of language, which makes the screen anew. */
export interface Chapter<W extends ScreenWords = ScreenWords, S = unknown> {
  /** In the address, and in the names of files of pictures. */
  id: string;
  words: Record<Language, W>;
  begin(): S;
  make(host: Host, words: W, state: S): Screen;
}

/** A chapter among others, whatever its words and its state are made of. */
export const chapter = <W extends ScreenWords, S>(own: Chapter<W, S>): Chapter => own as unknown as Chapter;
