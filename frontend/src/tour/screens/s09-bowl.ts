import { element } from "../../app/dom";
import { chapter } from "../screen";
import { words } from "./s09-words";

export const bowl = chapter({ id: "bowl", words, begin: () => ({}), make: () => ({ root: element("div"), paint: () => undefined, readout: () => "" }) });
