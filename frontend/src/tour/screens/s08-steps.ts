import { element } from "../../app/dom";
import { chapter } from "../screen";
import { words } from "./s08-words";

export const steps = chapter({ id: "steps", words, begin: () => ({}), make: () => ({ root: element("div"), paint: () => undefined, readout: () => "" }) });
