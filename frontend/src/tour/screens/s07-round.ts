import { element } from "../../app/dom";
import { chapter } from "../screen";
import { words } from "./s07-words";

export const round = chapter({ id: "round", words, begin: () => ({}), make: () => ({ root: element("div"), paint: () => undefined, readout: () => "" }) });
