import { element } from "../../app/dom";
import { chapter } from "../screen";
import { words } from "./s11-words";

export const own = chapter({ id: "own", words, begin: () => ({}), make: () => ({ root: element("div"), paint: () => undefined, readout: () => "" }) });
