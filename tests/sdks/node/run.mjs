// Asks as the SDKs for Node do, and prints what was read.
//
//   node run.mjs                          reads jobs from its input, one JSON object a line: {"way", "url", "prompt"}
//   node run.mjs "openai chat" URL TEXT   does one
//
// For each job one line goes to the output: what was read, or {"error": {"name", "names", "status", "message"}}.

import { createInterface } from "node:readline";

const unhandled = [];
process.on("unhandledRejection", (error) => unhandled.push(String(error)));

const modules = await Promise.all(["openai", "anthropic", "google", "ollama", "ai"].map((name) => import(`./${name}.mjs`)));
const ways = Object.assign({}, ...modules.map((module) => module.default));

// The names of an error's class and of the classes above it.
function namesOf(error) {
  const names = [error?.name];
  for (let kind = Object.getPrototypeOf(error ?? null); kind; kind = Object.getPrototypeOf(kind)) names.push(kind.constructor.name);
  return [...new Set(names)].filter((name) => name && name !== "Object");
}

async function run({ way, url, prompt }) {
  unhandled.length = 0;
  try {
    const read = await ways[way](url, prompt);
    return { ...read, unhandled: [...unhandled] };
  } catch (error) {
    const told = error instanceof Error ? error : Object.assign(new Error(JSON.stringify(error)), { name: "NotAnError" });
    const status = error?.status ?? error?.statusCode ?? error?.status_code ?? null;
    return { error: { name: told.name, names: namesOf(told), status, message: told.message }, unhandled: [...unhandled] };
  }
}

const print = (value) => process.stdout.write(JSON.stringify(value) + "\n");

if (process.argv.length > 2) {
  const [way, url, prompt = "你好"] = process.argv.slice(2);
  print(await run({ way, url, prompt }));
} else {
  print({ ways: Object.keys(ways) });
  for await (const line of createInterface({ input: process.stdin })) if (line) print(await run(JSON.parse(line)));
}
