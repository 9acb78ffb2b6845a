import { element } from "../../app/dom";
import { chapter } from "../screen";
import { words } from "./s02-words";

export const numbers = chapter({ id: "numbers", words, begin: () => ({}), make: () => ({ root: element("div"), paint: () => undefined, readout: () => "" }) });
