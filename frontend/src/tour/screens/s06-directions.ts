import { element } from "../../app/dom";
import { chapter } from "../screen";
import { words } from "./s06-words";

export const directions = chapter({ id: "directions", words, begin: () => ({}), make: () => ({ root: element("div"), paint: () => undefined, readout: () => "" }) });
