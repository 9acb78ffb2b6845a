import { element } from "../../app/dom";
import { chapter } from "../screen";
import { words } from "./s04-words";

export const misses = chapter({ id: "misses", words, begin: () => ({}), make: () => ({ root: element("div"), paint: () => undefined, readout: () => "" }) });
