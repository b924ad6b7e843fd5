// Runs schedules of the interlock's firmware, unchanged, on the WebAssembly build of MicroPython (32-bit integers).
// node run.mjs FIRST COUNT FILE...   where each FILE is name=path; prints what run_many counted, as JSON.

import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { loadMicroPython } from "@micropython/micropython-webassembly-pyscript";

const [first, count, ...files] = process.argv.slice(2);
const micropython = await loadMicroPython({ heapsize: 1024 * 1024, stdout: console.log });
for (const file of files) {
  const [name, path] = file.split("=");
  const folder = dirname(`/board/${name}`);
  folder.split("/").reduce((above, part) => {
    try { micropython.FS.mkdir(`${above}/${part}`); } catch { /* it is there */ }
    return `${above}/${part}`;
  });
  micropython.FS.writeFile(`/board/${name}`, readFileSync(path));
}
micropython.runPython(`
import sys, json
sys.path.insert(0, "/board")
from schedules import run_many
print(json.dumps({"maxsize": sys.maxsize, "seen": run_many(${first}, ${count})}))
`);
