/** Every word of the page in English. {role:text} is text in the color of that role. */

import type { Num, Plane, Verdict } from "../../engine/record";
import { viewWordsEn } from "../../views/words";
import { laboratoryEn } from "./laboratory";
import { degrees, percent, short } from "../../scene/number";
import { fitWordsEn } from "./fit";
import { methodsEn } from "./methods-en";
import { criterionEn } from "./criterion-en";
import type { CurveNumbers, LocalNumbers, RunNumbers, SpectrumNumbers, TimelineNumbers } from "./numbers";

export const en = {
  code: "en",
  page: {
    skip: "Skip to the pictures",
    variables: (n: number) => (n === 1 ? "1 variable" : `${n} variables`),
    notes: "Notes",
    /** Those that Python gives where nobody asked for another. */
    titles: { "Local quadratic model": "Local quadratic model", Minimization: "Minimization", Fit: "Fit" } as Record<string, string>,
    made: "Recorded by raphson. Everything on this page is inside this one file: it needs no network.",
  },
  guide: {
    title: "How to read these pictures",
    sentences: [
      "At a point x, f is replaced by the quadratic that has the same value, the same slope g and the same curvature H (the Hessian) there. In a bowl its {model-level:levels} are ellipses around one centre, where the quadratic is lowest.",
      "{minus-gradient:\u2212g} is the steepest way down at x. It stands at a right angle to the level, so in a long narrow bowl it points across the valley instead of along it, and misses the centre. Drag x and watch the angle.",
      "{newton:\u2212H\u207b\u00b9g}, the Newton step, is \u2212g corrected by the curvature: shortened where the bowl is steep, lengthened where it is flat. It ends at the centre. If f itself were this quadratic, one step would be enough.",
      "The slider under \u201cWhitened\u201d stretches the plane until the ellipse is round. In a round bowl the steepest way down and the way to the centre are the same: that is all that H\u207b\u00b9 does.",
      "Where a curvature is negative there is no bowl: the levels are hyperbolas, and the Newton step leads to a saddle or a top.",
    ],
  },
  language: { label: "Language", en: "English", zh: "中文" },
  verdict: {
    label: "Verdict",
    headline: {
      minimum: "Minimum",
      noise: "Minimum, to the noise of f",
      kink: "Minimum at a kink",
      saddle: "Saddle",
      flat: "Flat",
      recedes: "No minimum",
      stopped: "Not converged",
      "not-finite": "Not finite",
      unbounded: "Unbounded below",
    } satisfies Record<Verdict["key"], string>,
    shown: (v: Verdict): string =>
      v.key === "kink" ? "Shown by the slopes around x: "
      : v.key === "noise" ? "Shown as far as the noise of f allows: "
      : v.proof === "likely" ? "Likely, by first order and products with H: "
      : "Shown by first and second order: ",
    open: "No minimum was shown: ",
    stopped: (sentence: string) => `Why it ended: ${sentence}.`,
    criterion: (v: Verdict) => criterionEn(v),
    at: (value: string, x: string) => `f = ${value} at x = ${x}`,
    kind: { bowl: "Bowl", saddle: "Saddle", dome: "Dome", valley: "Valley", flat: "Flat" } as Record<string, string>,
    point: "One point",
    curvatures: (low: string, high: string, condition: string | null) => `At this point the curvatures go from ${low} to ${high}${condition === null ? "" : `, condition ${condition}`}.`,
    pointAt: (value: string, gradient: string) => `f = ${value}, max|g| = ${gradient}`,
    details: "The whole text",
  },
  controls: {
    label: "What is shown",
    run: "Trials",
    first: "First trial",
    previous: "Previous trial",
    play: "Play",
    pause: "Pause",
    next: "Next trial",
    last: (found: boolean): string => (found ? "The answer" : "The point returned"),
    slider: "Trial",
    trial: (k: number, of: number, taken: boolean) => `trial ${k} of ${of}, ${taken ? "taken" : "rejected"}`,
    answer: (of: number, found: boolean) => `${found ? "the answer" : "the point returned"}, after ${of} ${of === 1 ? "trial" : "trials"}`,
    plane: "Plane",
    /** What the plane is called in the chooser; null: by the names of its variables. `run`: not one point alone. */
    planeName: (kind: Plane["kind"], run: boolean, found: boolean): string | null =>
      ({ parameters: null, newton: `\u2212g and Newton step${run ? " at the start" : ""}`, extreme: `flattest and stiffest direction${run ? atEnd(found) : ""}`, path: "main plane of the path" })[kind],
    /** The labels of its axes; null: as recorded. */
    planeAxes: (kind: Plane["kind"], run: boolean, found: boolean): [string, string] | null =>
      ({
        parameters: null,
        newton: [`along \u2212g${run ? " of the start" : ""}`, `across it, towards the Newton point${run ? " of the start" : ""}`] as [string, string],
        extreme: [`flattest direction${run ? atEnd(found) : ""}`, `stiffest direction${run ? atEnd(found) : ""}`] as [string, string],
        path: ["path, first main axis", "path, second main axis"] as [string, string],
      })[kind],
    scaled: " (scaled)",
    share: (share: number) => `holds ${percent(share)} of the path's variance`,
    section: "Other variables",
    slice: "slice: held fixed",
    shadow: "shadow: minimized again",
    noShadow: "no shadow here: H is not positive definite, or too large",
    hide: "Hide f: only what the algorithm knows",
    reset: "Back to the recorded x",
    keys: {
      button: "Keys",
      title: "Keys and gestures",
      close: "Close",
      /** Those about trials only where there are any. */
      trials: [["\u2190 \u2192", "previous, next trial"], ["Home, End", "first trial, end of the run"], ["Space", "play the trials, or stop"]] as [string, string][],
      always: [
        ["drag, arrow keys", "move x, or the tip of an axis (Tab gives each the focus); Shift: in larger steps"],
        ["Esc, double click", "undo: back to f\u2019s own H, then to the recorded x"],
        ["Ctrl + wheel, Shift + drag", "look closer in the local model; move its window"],
        ["Tab, Enter", "to the next control; open or close a panel"],
        ["?", "these keys"],
      ] as [string, string][],
    },
  },
  panels: {
    run: { title: "Function and run", question: "How did it go?" },
    function: { title: "Function", question: "Where does this point lie?" },
    local: { title: "Local model", question: "Which way, and why not \u2212g?" },
    dual: { title: "Dual", question: "What does H\u207b\u00b9 look like?" },
    stretch: { title: "Stretched circle", question: "What does H\u207b\u00b9 make of every direction?" },
    whitened: { title: "Whitened", question: "Why does Newton\u2019s step work?" },
    spectrum: { title: "Spectrum", question: "Which directions are stiff, flat, downhill?" },
    timeline: { title: "Timeline", question: "What came of each trial?" },
    surface: { title: "Surface", question: "What does it look like in three dimensions?" },
    ellipsoid: { title: "Ellipsoid", question: "What does the level look like in three variables?" },
    race: { title: "Race", question: "How many digits does each step bring?" },
    walk: { title: "Radius and damping", question: "How far may a step trust the quadratic?" },
    table: { title: "Table of the trials", question: "What are the numbers of each trial?" },
  },
  folds: { lead: "Press a question to open it.", open: "Open all", close: "Close all" },
  local: {
    handle: "Point x",
    draggable: "draggable point",
    hint: "Drag x, or use the arrow keys.",
    hand: { tip: "Tip of the axis: ", title: "Change H by hand: pull the tip of an axis", back: "Back to f\u2019s own H" },
    closer: { label: "Look closer: Ctrl and wheel; Shift and drag moves the window", nearer: "Nearer", farther: "Farther" },
    value: (a: string, u: string, b: string, v: string) => `${a} = ${u}, ${b} = ${v}`,
    explain: (a: LocalNumbers) => explainLocal(a),
  },
  dual: {
    handle: "Gradient g",
    draggable: "draggable gradient",
    explain: "Drag {gradient:g}, and x follows by H\u207b\u00b9 of the change.",
    explainLive: "Drag {gradient:g}, and x goes to where f has that gradient: by H\u207b\u00b9 of the change, again and again.",
  },
  stretch: {
    slope: "\u2212g on its circle",
    step: "Its step on the stretched circle",
    draggable: "draggable arrow",
    at: (degrees: string) => `${degrees}\u00b0`,
    slider: "From the circle to H^(\u2212t) of it",
    play: "Play the stretching",
    pause: "Pause the stretching",
    back: "Back to \u2212g itself",
    explain: "Drag either arrow around, and the other follows.",
  },
  whitened: {
    slider: "From x to y = H^(1/2) s",
    play: "Play the morph",
    pause: "Pause the morph",
  },
  spectrum: { explain: (a: SpectrumNumbers) => explainSpectrum(a) },
  run: {
    label: (trials: number) => `Contours of f and the path of ${trials} trials`,
    explain: (a: RunNumbers) => explainRun(a),
    hidden: "f is hidden: this is all that the algorithm has seen.",
    projected: (found: boolean) => `The path is projected onto this plane; the contours are those of f with the rest as${atEnd(found)}.`,
    frame: "The frame is the window of the local model.",
    start: "start",
  },
  timeline: {
    label: (of: number) => `Four strips over ${of} trials: f gap, gradient, step control, ratio`,
    gap: "f \u2212 lowest f of this run",
    gradient: "max|g|",
    tau: { length: "step length \u03c4", radius: "radius \u03c4", "1/lambda": "\u03c4 = 1/\u03bb, damping", "1/sigma": "\u03c4 = 1/\u03c3, cubic weight" },
    ratio: "actual / predicted decrease",
    explain: (a: TimelineNumbers) => explainTimeline(a),
  },
  surface: {
    turn: "Turn",
    tilt: "Tilt",
    explain: "Drag the picture to turn it.",
  },
  table: {
    caption: (shown: number, of: number) => `Trials: ${shown} of ${of} shown`,
    region: "Table of the trials, scrollable",
    all: (of: number) => `Show all ${of}`,
    select: (k: number) => `Select trial ${k}`,
    columns: { trial: "trial", taken: "taken", value: "f", predicted: "predicted", actual: "actual", ratio: "ratio", tau: "\u03c4", gradient: "max|g|" },
    yes: "yes",
    no: "no",
    thinned: (shown: number, of: number) => `The file holds ${shown} of ${of} trials.`,
  },
  curve: { explain: (a: CurveNumbers) => explainCurve(a), label: "f and its parabola at x", f: "f", model: "parabola at x" },
  none: {
    plane: "No plane was recorded for this point: the function is too large, or was not finite there.",
    spectrum: "No eigenvalues were recorded for this point.",
  },
  status: {
    CONVERGED: "the proposed step is smaller than the accuracy asked for",
    NOISE: "what is left to gain lies below the noise of f",
    STALLED: "no step that can still be represented makes f smaller",
    STEPS: "the limit of steps was reached",
    NOT_FINITE: "f or its derivatives are not finite at the current point",
    UNBOUNDED: "f falls without bound",
    TIME: "the time limit was reached",
    USER: "stopped by the user",
    CALLS: "the limit of evaluations was reached",
  } as Record<string, string>,
  /** Words of the captions that have the color of what they name. */
  terms: { "\u2212H\u207b\u00b9g": "newton", "Newton step": "newton", "Newton direction": "newton", "\u2212gradient": "minus-gradient", "\u2212g": "minus-gradient" } as Record<string, string>,
  methods: methodsEn,
  views: viewWordsEn,
  laboratory: laboratoryEn,
  fit: fitWordsEn,
};

/** Of a run that found no minimum, the end is not called the answer. */
const atEnd = (found: boolean): string => (found ? " at the answer" : " at the point returned");

function explainLocal(a: LocalNumbers): string {
  if (a.kind !== "bowl" || a.still) return "";
  const lucky = a.angle !== null && a.angle < 1 ? " Here \u2212g happens to point at the centre: x lies on an axis of the ellipse. Drag it off the axis." : "";
  return `The curvatures ${short(a.low)} and ${short(a.high)} differ by a factor of ${short(a.condition)}, so \u2212g can be up to ${degrees(a.worst)}\u00b0 off.${lucky}`;
}

function explainCurve(a: CurveNumbers): string {
  const shared = `f and its parabola at x share value ${short(a.value, 4)}, slope ${short(a.slope)} and curvature ${short(a.curvature)}. `;
  if (a.curvature === 0) return `${shared}Without curvature the parabola is a straight line and has no lowest point.`;
  if (a.curvature < 0) return `${shared}It opens downwards: the {newton:Newton step} ${short(a.step)} climbs to its top, so no method should take it.`;
  return `${shared}The {newton:Newton step} ${short(a.step)} = \u2212slope / curvature ends at its lowest point; {minus-gradient:\u2212g} only says in which direction to go.`;
}

function explainSpectrum(a: SpectrumNumbers): string {
  const shape =
    a.negative > 0 ? `${a.hand ? "The changed quadratic" : "f"} curves down along ${a.lowName} (${short(a.low)}).`
    : a.zero > 0 ? `Along ${a.lowName} no curvature can be told from rounding.`
    : `From ${short(a.low)} to ${short(a.high)}: condition ${short(a.condition)}.`;
  const energy = a.rounding ? " Here g is zero to rounding: how it lies between the directions means nothing." : a.share === null ? "" : ` ${percent(a.share)} of |g|\u00b2 lies along ${a.shareName}, where the curvature is ${short(a.shareValue)}.`;
  return shape + energy + (a.fixed ? " The spectrum stays that of the recorded point." : "");
}

function explainRun(a: RunNumbers): string {
  if (a.position === null) return a.found ? `The answer: f = ${short(a.value, 6)}.` : `The point returned: f = ${short(a.value, 6)}. It was not shown to be a minimum.`;
  const outcome = decrease(a.actual);
  const promise = a.predicted === null ? "" : a.predicted < 0 ? ` the model promised a rise of ${short(-a.predicted)},` : ` the model promised ${short(a.predicted)},`;
  return `Trial ${a.position}: ${promise} ${outcome}${a.ratio === null ? "" : ` (ratio ${short(a.ratio)})`}, and the step was {trial:${a.accepted ? "taken" : "rejected"}}.`.replace(/:\s+/, ": ") + (a.exact ? "" : " The model shown is that of the nearest recorded point.");
}

function decrease(actual: Num): string {
  if (actual === null) return "f was not finite there";
  return actual >= 0 ? `f fell by ${short(actual)}` : `f rose by ${short(-actual)}`;
}

function explainTimeline(a: TimelineNumbers): string {
  const gap = a.first !== null && a.last !== null ? `f went from ${short(a.first, 6)} to ${short(a.last, 6)} in ` : "";
  const thinned = a.shown < a.trials ? ` ${a.shown} of them are drawn.` : "";
  const left = a.found ? "" : " The lowest f of this run is no minimum that was shown: the gap does not tell what is left to gain.";
  return `${gap}${a.trials} ${a.trials === 1 ? "trial" : "trials"}, ${a.rejected} rejected.${thinned} Filled marks were taken, hollow ones rejected.${left}`;
}
