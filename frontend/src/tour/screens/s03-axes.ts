import { element } from "../../app/dom";
import { chapter } from "../screen";
import { words } from "./s03-words";

export const axes = chapter({ id: "axes", words, begin: () => ({}), make: () => ({ root: element("div"), paint: () => undefined, readout: () => "" }) });
