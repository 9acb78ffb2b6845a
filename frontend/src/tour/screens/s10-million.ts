import { element } from "../../app/dom";
import { chapter } from "../screen";
import { words } from "./s10-words";

export const million = chapter({ id: "million", words, begin: () => ({}), make: () => ({ root: element("div"), paint: () => undefined, readout: () => "" }) });
