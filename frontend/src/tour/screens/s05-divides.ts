import { element } from "../../app/dom";
import { chapter } from "../screen";
import { words } from "./s05-words";

export const divides = chapter({ id: "divides", words, begin: () => ({}), make: () => ({ root: element("div"), paint: () => undefined, readout: () => "" }) });
