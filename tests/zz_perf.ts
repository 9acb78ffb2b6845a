import { BasinMap, ranked } from "../src/methods/basin";
import { METHODS } from "../src/methods/run";
import { objectiveOf } from "../src/engine/objective";
import { programOf } from "./fixtures/zoo";
for (const [name, window] of [["rosenbrock", [-2, 2, -1, 3]], ["himmelblau", [-5, 5, -5, 5]]] as any)
  for (const method of Object.keys(METHODS).filter((m) => !process.argv[3] || m === process.argv[3]) as any) {
    const size = Number(process.argv[2] ?? 50);
    const f = objectiveOf({ program: programOf(name), x0: [0, 0], at: [0, 0], basis: [[1, 0], [0, 1]] });
    const map = new BasinMap(f, window, size, size, method);
    const t = process.cpuUsage(), w = performance.now(); map.advance(); const c = process.cpuUsage(t), dt = (c.user + c.system) / 1000;
    const { trials, end, ends } = ranked(map.basin); const total = [...trials].reduce((s, a) => s + a, 0);
    console.log(name, method, `${dt.toFixed(0)} ms cpu ${(performance.now() - w).toFixed(0)} wall`, `trials ${total}`, `${((1000 * dt) / total).toFixed(2)} us/trial`, `ends ${ends.length}`, `open ${[...end].filter((k) => k < 0).length}`, `full ${(dt * (200 / size) ** 2 / 1000).toFixed(2)} s`);
  }
